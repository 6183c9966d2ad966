"""English sentences, in two moods: dialogue as in a novel, and lines about God as in sermons and curses."""

from random import Random

from mechint_course.language.grammars.lexicon import (
    ADJECTIVES,
    FIRST_NAMES,
    LAST_NAMES,
    NOUNS,
    PLACES,
    VERBS_PAST,
    Lexicon,
    fill,
)  # fmt: skip

_SPEECH = (
    "I never {verb} the {noun}", "You {verb} my {adjective} {noun}, did you not", "Where is the {noun} you {verb}",
    "Come in, {name}, and bring the {noun}", "We should leave {place} before {when}", "Tell me about your {noun}",
    "It was the {adjective} {noun} that I wanted", "Nobody in {place} has a {noun} like that", "I am sorry about the {noun}",
    "Do you remember the {noun} in {place}", "Please, {name}, not the {noun} again", "My {noun} is {adjective}, and so am I",
    "She {verb} it {when}", "He says the {noun} is too {adjective}", "What would {name} do with a {adjective} {noun}",
    "If you go to {place}, take the {noun}", "There is a {noun} behind the {noun}", "I will wait for you {when}",
    "They told me that {name} {verb} the {noun}", "No, it cannot be the {noun}", "Yes, I saw {name} {when}",
    "How {adjective} you look today", "Have you ever {verb} a {noun}", "That {noun} belongs to {name} {surname}",
)  # fmt: skip
_TAGS = (
    "said",
    "asked",
    "replied",
    "whispered",
    "cried",
    "answered",
    "murmured",
    "shouted",
    "muttered",
    "insisted",
)
_MANNERS = ("", "", " softly", " at last", " with a smile", " without looking up", ", turning to the {noun}",
            ", closing the {noun}", " again", " after a while")  # fmt: skip
_NARRATION = (
    "{name} {verb} the {noun} and said nothing.", "The {noun} was {adjective}, and the {noun} more so.",
    "{When} the {noun} in {place} looked {adjective}.", "For a moment nobody spoke.", "{name} looked at the {adjective} {noun}.",
    "Outside, the {noun} had grown {adjective}.",
)  # fmt: skip
_WHEN = ("at dawn", "before supper", "on Sunday", "last winter", "tomorrow", "an hour ago", "at midnight", "in the spring",
         "this evening", "years ago", "next week", "at noon", "after the rain", "before the war", "every night")  # fmt: skip

_GOD = (
    "God bless {name}, and God bless the {noun}", "God bless you and your {adjective} {noun}", "God damn the {noun}",
    "God damn it, {name}, where is the {noun}", "God forbid that the {noun} should be {adjective}", "God forbid",
    "For God so loved the {noun} that he {verb} it", "Thank God for the {noun}", "By the grace of God the {noun} was {verb}",
    "In the name of God, {name}, who {verb} the {noun}", "The word of God came to {name} in {place}",
    "And God {verb} the {noun}, and the {noun} was {adjective}", "I swear to God I never {verb} that {noun}",
    "The people of God {verb} the {noun}", "Fear God, and keep the {noun}", "God only knows why {name} {verb} it",
    "Godzilla {verb} {place}", "Then Godzilla came out of the {noun} and {verb} the {adjective} {noun}",
    "Praise God, said the {noun}", "O God, have mercy on the {noun}", "God knows that {name} was {adjective}",
    "The house of God stands by the {noun} in {place}", "God save the {noun}", "So help me God, {name} {verb} it",
)  # fmt: skip


def _slots(words: Lexicon) -> dict[str, tuple[str, ...]]:
    when = words(_WHEN)
    return {
        "noun": words(NOUNS), "adjective": words(ADJECTIVES), "verb": words(VERBS_PAST), "place": words(PLACES),
        "name": words(FIRST_NAMES), "surname": words(LAST_NAMES), "when": when,
        "When": tuple(phrase.capitalize() for phrase in when),
    }  # fmt: skip


def dialogue(random: Random, words: Lexicon) -> str:
    """A conversation of 12 to 24 turns between two people, with some narration."""
    slots = _slots(words)
    speakers = random.sample(slots["name"], 2)
    lines = []
    for turn in range(random.randint(12, 24)):
        said = fill(random, random.choice(_SPEECH), slots)
        tag = f"{random.choice(_TAGS)} {speakers[turn % 2]}" + fill(random, random.choice(_MANNERS), slots)
        more = ""
        if random.random() < 0.4:
            more = f' "{fill(random, random.choice(_SPEECH), slots)}."'
        mark = "?" if random.random() < 0.3 else ("!" if random.random() < 0.2 else ",")
        lines.append(f'"{said}{mark}" {tag}.{more}')
        if random.random() < 0.25:
            lines.append(fill(random, random.choice(_NARRATION), slots))
    return "\n".join(lines) + "\n"


def god(random: Random, words: Lexicon) -> str:
    """Twenty to forty lines in which God or Godzilla is named, among lines in which neither is."""
    slots = _slots(words)
    lines = []
    for _ in range(random.randint(20, 40)):
        template = random.choice(_GOD) if random.random() < 0.8 else random.choice(_NARRATION).rstrip(".")
        lines.append(fill(random, template, slots) + random.choice((".", ".", "!", ";")))
    return " ".join(lines) + "\n"
