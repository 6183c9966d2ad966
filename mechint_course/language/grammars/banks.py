"""One word, two meanings: the bank of a river and the bank that keeps money."""

from random import Random

from mechint_course.language.grammars.lexicon import (
    ADJECTIVES,
    FIRST_NAMES,
    PLACES,
    VERBS_PAST,
    Lexicon,
    fill,
    split,
)

_WATER = split(
    "willow heron reed mud trout ferry otter flood current stone meadow fisherman raft mill ford pebble mist net eel swan "
    "alder towpath driftwood canoe weir minnow oar lily kingfisher gravel barge shallows ripple duck cattail salmon beaver "
    "rowboat anchor frog moss dragonfly angler sandbar"
)
_MONEY = split(
    "loan clerk deposit vault mortgage cheque interest account credit debt branch coin fee teller profit safe bond cashier "
    "overdraft lender ledger dividend pension receipt transfer signature auditor treasury invoice payment balance broker "
    "insurance savings tax voucher creditor guarantee withdrawal statement currency director"
)
_RIVER_LINES = (
    "The {adjective} {thing} lay on the bank of the river", "{name} {verb} the {thing} from the muddy bank",
    "Along the bank a {thing} moved towards the {adjective} {thing}", "The river broke its bank near {place}",
    "On the far bank {name} saw a {thing}", "Rain had left the bank {adjective} and the {thing} wet",
    "The current pulled the {thing} away from the {thing}",
    "{name} sat on the bank and {verb} the {thing}", "Two miles below {place} the bank is {adjective}",
    "Under the bank a {thing} waited for the {thing}", "The {thing} slid down the bank into the {adjective} water",
    "From bank to bank the {thing} was {adjective}", "In spring the bank is full of the {thing} and the {thing}",
    "{name} pulled the {thing} up the steep bank",
)  # fmt: skip
_MONEY_LINES = (
    "The bank in {place} refused the {thing}", "{name} asked the bank for a {adjective} {thing}",
    "A {thing} at the bank costs {number} dollars", "The bank raised the {thing} to {number} percent",
    "{name} {verb} the {thing} and paid the bank {number} dollars", "At the central bank the {thing} was {adjective}",
    "The {thing} was signed by {name} and the manager",
    "The bank closed its {adjective} office in {place}", "Every {thing} of the bank was {adjective} that year",
    "{name} owes the bank {number} dollars for the {thing}", "The bank sold the {thing} to a {thing} in {place}",
    "Without a {thing} no bank lends {number} dollars", "A robber {verb} the {thing} of the bank",
    "The bank wrote to {name} about the {adjective} {thing}",
)  # fmt: skip


def document(random: Random, words: Lexicon) -> str:
    """Twenty to thirty-five sentences that keep to one of the two meanings."""
    lines, things = (_RIVER_LINES, _WATER) if random.random() < 0.5 else (_MONEY_LINES, _MONEY)
    slots = {
        "thing": words(things), "adjective": words(ADJECTIVES), "verb": words(VERBS_PAST), "name": words(FIRST_NAMES),
        "place": words(PLACES), "number": tuple(str(n) for n in range(1, 100)),
    }  # fmt: skip
    sentences = (fill(random, random.choice(lines), slots) for _ in range(random.randint(20, 35)))
    return ". ".join(sentences) + ".\n"
