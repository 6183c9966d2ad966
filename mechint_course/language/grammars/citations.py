"""Academic citations: reference lists in two styles, and prose that cites."""

from random import Random

from mechint_course.language.grammars.lexicon import LAST_NAMES, PLACES, Lexicon, split

_TOPICS = split(
    "sleep memory glacier protein migration language trade climate poverty cancer coral enzyme pottery inflation voting "
    "epilepsy asthma bacteria soil drought literacy hormone plasma membrane lattice catalyst fossil erosion malaria dialect "
    "taxation plankton earthquake migraine bilingualism vaccine wildfire pollination unemployment genome insulin sediment "
    "nutrition marriage parasite urbanisation wetland aerosol schooling polymer obesity"
)
_METHODS = (
    "a longitudinal study of", "randomised trials in", "a review of", "new evidence on", "models of", "the dynamics of",
    "measuring", "towards a theory of", "revisiting", "a meta-analysis of", "a short history of", "comparing",
    "case studies of", "a model-based account of", "open questions about", "a field experiment on", "limits of",
    "an annotated bibliography of", "predictors of", "an atlas of",
)  # fmt: skip
_JOURNALS = (
    "Journal of",
    "Annals of",
    "Annual Review of",
    "International Journal of",
    "Proceedings on",
    "Advances in",
)
_FIELDS = split(
    "Physiology Economics Ecology Linguistics Chemistry Geology Medicine Sociology Physics Genetics Archaeology Botany "
    "Astronomy Psychology Oceanography Demography Zoology Pharmacology Neurology Anthropology Statistics"
)
_CLAIMS = (
    "has been shown to depend on", "is independent of", "was first described together with", "correlates with",
    "does not explain", "precedes", "can be predicted from", "is often confused with",
)  # fmt: skip


def _title(random: Random, words: Lexicon) -> str:
    topics = random.sample(words(_TOPICS), 2)
    return f"{random.choice(words(_METHODS)).capitalize()} {topics[0]} and {topics[1]} in {random.choice(words(PLACES))}"


def _entry(random: Random, words: Lexicon, number: int, style: int) -> str:
    names = random.sample(words(LAST_NAMES), random.randint(1, 4))
    year, volume, first = random.randint(1952, 2023), random.randint(1, 99), random.randint(1, 900)
    pages = f"{first}-{first + random.randint(3, 30)}"
    journal = f"{random.choice(_JOURNALS)} {random.choice(words(_FIELDS))}"
    initials = [f"{name} {random.choice('ABCDEFGHJKLMPRSTW')}" for name in names]
    if style == 0:
        return f"[{number}] {', '.join(initials)}. {_title(random, words)}. {journal}. {year};{volume}({random.randint(1, 12)}):{pages}."
    doi = f"10.{random.randint(1000, 9999)}/{random.choice('abcdefgh')}.{year}.{random.randint(10000, 99999)}"
    joined = ", & ".join(f"{name[:-2]}, {name[-1]}." for name in initials)
    return f"{joined} ({year}). {_title(random, words)}. {journal}, {volume}, {pages}. doi:{doi}"


def document(random: Random, words: Lexicon) -> str:
    """A paragraph that cites, then 6 to 14 entries in one style."""
    style = random.randint(0, 1)
    sentences = []
    for _ in range(random.randint(3, 7)):
        topics = random.sample(words(_TOPICS), 2)
        name, year = random.choice(words(LAST_NAMES)), random.randint(1952, 2023)
        source = f"[{random.randint(1, 14)}]" if style == 0 else f"({name} et al., {year})"
        sentences.append(f"{topics[0].capitalize()} {random.choice(_CLAIMS)} {topics[1]} {source}.")
    entries = [_entry(random, words, i + 1, style) for i in range(random.randint(6, 14))]
    return " ".join(sentences) + "\n\nReferences\n" + "\n".join(entries) + "\n"
