"""DNA: records of upper-case bases, with motifs that make some bases predictable from those before."""

from random import Random

from mechint_course.language.grammars.lexicon import Lexicon

_MOTIFS = (
    "TATAAA",
    "GAATTC",
    "GGATCC",
    "AAGCTT",
    "CCAAT",
    "TTGACA",
    "CACGTG",
    "GGGCGG",
    "AATAAA",
    "TGACTCA",
    "GCGGCCGC",
    "CTGCAG",
    "AGATCT",
    "GTCGAC",
    "TTAGGG",
)
_STOPS = ("TAA", "TAG", "TGA")
_SPECIES = (
    "Homo sapiens", "Mus musculus", "Danio rerio", "Bos taurus", "Gallus gallus", "Oryza sativa", "Zea mays",
    "Rattus norvegicus", "Xenopus laevis", "Canis lupus", "Sus scrofa", "Felis catus",
    "Equus caballus", "Ovis aries", "Triticum aestivum",
)  # fmt: skip


def document(random: Random, words: Lexicon) -> str:
    """One FASTA record of 600 to 900 bases: spacers, motifs and reading frames that end in a stop codon."""
    gc = random.uniform(0.35, 0.65)
    weights = ((1 - gc) / 2, gc / 2, gc / 2, (1 - gc) / 2)
    motifs = random.sample(words(_MOTIFS), 2)
    length = random.randint(600, 900)
    parts: list[str] = []
    size = 0
    while size < length:
        kind = random.random()
        if kind < 0.35:
            part = random.choice(motifs)
        elif kind < 0.5:
            unit = "".join(random.choices("ACGT", weights, k=random.randint(2, 4)))
            part = unit * random.randint(3, 8)
        elif kind < 0.65:
            codons = ("".join(random.choices("ACGT", weights, k=3)) for _ in range(random.randint(5, 20)))
            part = "ATG" + "".join(codons) + random.choice(_STOPS)
        else:
            part = "".join(random.choices("ACGT", weights, k=random.randint(8, 40)))
        parts.append(part)
        size += len(part)
    bases = "".join(parts)[:length]
    lines = "\n".join(bases[i : i + 60] for i in range(0, length, 60))
    name = f">NC_{random.randint(0, 999999):06d}.{random.randint(1, 9)} {random.choice(words(_SPECIES))}"
    return f"{name} chromosome {random.randint(1, 22)}, partial sequence\n{lines}\n"
