"""The type checker behind `--jaxtyping-packages`: beartype, with the numeric tower of PEP 484 (an int is a float)."""

from beartype import BeartypeConf, beartype

checked = beartype(conf=BeartypeConf(is_pep484_tower=True))
