"""The unit browser and the splitting tree without a browser: what the controls do, and what is left without a kernel."""

import re

import pytest
import torch
from IPython.display import HTML

from mechint_course.features.splitting import grown
from mechint_course.views import browser as module
from mechint_course.views.browser import UnitBrowser
from mechint_course.views.splitting import SplittingTree
from tests.views import small


@pytest.fixture
def browser() -> UnitBrowser:
    return UnitBrowser(small.features(), twin=small.features(50, 1), wider=small.dictionary(90, 2))


def listed(browser) -> list[int]:
    return [unit for _, unit in browser.list.options]


def text_of(html: str) -> str:
    return re.sub("<[^>]*>", "", html)


def test_it_opens_on_the_best_unit_and_every_control_moves_it(browser):
    order = browser.cards.order().tolist()
    assert listed(browser) == order and browser.list.value == order[0] == browser.number.value
    assert f"Feature {order[0]} of small-40" in browser.head.value

    browser.list.value = order[3]
    assert browser.number.value == order[3] and f"Feature {order[3]} of" in browser.head.value
    browser.number.value = order[5]
    assert f"Feature {order[5]} of" in browser.head.value
    browser.sort.value = "density"
    assert listed(browser) == browser.cards.order("density").tolist()
    browser.sort.value = "domain score"
    browser.domain.value = "houses"
    assert listed(browser) == browser.cards.order("domain score", "houses").tolist()
    assert f"Feature {listed(browser)[0]} of" in browser.head.value
    browser.sort.value = "correlation"
    assert listed(browser) == browser.cards.order("correlation").tolist()


def test_two_buttons_go_through_the_list_and_stay_at_its_ends(browser):
    order = browser.cards.order().tolist()
    for button, at in ((browser.back, 0), (browser.forward, 1), (browser.forward, 2), (browser.back, 1)):
        button.click()
        assert browser.list.value == browser.number.value == order[at]
        assert f"Feature {order[at]} of" in browser.head.value
    browser.list.value = order[-1]
    browser.forward.click()
    assert browser.list.value == order[-1]
    assert browser.list.tabbable is False, "JupyterLab would take its arrows"


def test_a_half_typed_domain_is_any(browser):
    browser.domain.value = "hous"
    assert listed(browser) == browser.cards.order().tolist()
    browser.domain.value = "houses"
    assert listed(browser) == browser.cards.order("domain score", "houses").tolist()


def test_a_card_shows_everything_it_knows(browser):
    unit = browser.cards.order().tolist()[0]
    card = browser.cards.card(unit)
    shown = text_of(browser.head.value + browser.facts.value)
    for words in (
        "strongest", "upper third", "middle third", "lower third", "the same texts under its twin",
        f"Its twin is number {card.twin.unit} of small-50, correlation {card.twin.value:.2f}",
        f"{card.effect.mean:+.3f} nats", f"{card.effect.strongest:+.3f} where it is strongest",
        "Likelier next tokens", "Less likely next tokens", "Neurons it is made of", "Where it is on",
    ):  # fmt: skip
        assert words in shown, words
    assert ("in the dictionary of 90" in shown) == bool(card.children)
    assert 'role="img" aria-label="On for' in browser.facts.value
    for name in (card.domains[0].domain, f"{card.domains[0].precision:.2f}", f"{card.neurons[0].value:+.2f}"):
        assert name in shown.replace("&lt;", "<").replace("&gt;", ">")


def test_typing_lists_what_fires_and_clearing_brings_all_back(browser):
    browser.text.value = "a cat"
    found = browser.cards.units.typed("a cat")
    assert listed(browser) == found.strongest() and browser.list.value == found.strongest()[0]
    assert f"{len(found.strongest())} features fire on your text" in browser.note.value
    assert f"{found.at(0, 1)[0][0]} <small>" in browser.typed.value
    assert "what you typed" in browser.head.value
    browser.sort.value = "density"
    assert listed(browser) == found.strongest(), "what was typed stays until the field is emptied"
    browser.text.value = "  "
    assert listed(browser) == browser.cards.order("density").tolist()
    assert browser.typed.value == "" and "what you typed" not in browser.head.value
    browser.text.value = "x" * 99
    assert "Only the beginning" in browser.note.value


def test_the_list_is_cut_and_the_number_reaches_the_rest(monkeypatch):
    monkeypatch.setattr(module, "_LISTED", 7)
    browser = UnitBrowser(small.features())
    assert listed(browser) == browser.cards.order().tolist()[:7]
    last = browser.cards.order().tolist()[-1]
    browser.number.value = last
    assert f"Feature {last} of" in browser.head.value and "first 7" in browser.note.value


def test_neurons_are_browsed_by_the_same_class():
    browser = UnitBrowser(small.neurons(), sort="number")
    assert listed(browser) == list(range(20)) and "Neuron 0 of the neurons" in browser.head.value
    assert "Neurons it is made of" not in browser.facts.value
    assert browser.sort.options == ("domain score", "density", "number"), "no twin, no correlation"


def test_without_a_kernel_some_units_stay_to_be_read(browser):
    assert isinstance(browser.still, HTML)
    for unit in browser.cards.order().tolist()[:6]:
        assert f"{unit}: " in browser.still.data
    assert "<script" not in browser.still.data and len(browser.still.data) < 20_000
    assert "verbs <b>" not in browser.still.data, "a domain's name is text"
    assert len(browser.head.value) + len(browser.facts.value) < 60_000


def test_both_are_displayed_the_still_one_first(browser, monkeypatch):
    shown = []
    monkeypatch.setattr(module, "display", shown.append)
    browser._ipython_display_()
    assert shown == [browser.still, browser.widget]


def test_bad_input_to_the_browser_gets_one_sentence():
    with pytest.raises(ValueError, match="Expected one of domain score"):
        UnitBrowser(small.features(), sort="size")
    with pytest.raises(ValueError, match="found 'cats'"):
        UnitBrowser(small.features(), domain="cats")


@pytest.fixture
def tree() -> SplittingTree:
    return SplittingTree([small.features(), small.features(90, 2), small.features(200, 5)])


def test_the_tree_has_the_branches_of_the_dictionaries(tree):
    directions = [units.sae.W_dec for units in tree.levels]
    for root in range(0, 40, 7):
        assert tree.tree(root, most=4) == grown(directions, root, most=4)
    counts = torch.bincount(tree.steps[0].parent, minlength=40)
    assert counts[tree.root.value] >= 3, "it begins with a feature that splits"


def test_a_node_opens_and_closes_by_its_button(tree):
    root = (tree.root.value,)
    children = [button.description for button in tree.nodes.children]
    assert children[0].startswith("▾ small-40") and len(children) == 1 + len(tree._below(root))
    at = next(i for i, words in enumerate(children) if words.startswith("▸"))
    button = tree.nodes.children[at]
    button.click()
    opened = list(tree.nodes.children)
    assert opened[at] is button and button.description.startswith("▾") and len(opened) > len(children)
    assert "small-200" in opened[at + 1].description
    assert "of small-90" in tree.head.value
    opened[at + 1].click()
    assert "of small-200" in tree.head.value and list(tree.nodes.children) == opened, (
        "a leaf has nothing to open"
    )
    tree.nodes.children[0].click()
    assert len(tree.nodes.children) == 1 and tree.nodes.children[0].description.startswith("▸")
    tree.nodes.children[0].click()
    assert [b.description for b in tree.nodes.children] == children, "what was open below is closed"
    tree.root.value = (root[0] + 1) % 40
    assert f"Feature {tree.root.value} of small-40" in tree.head.value


def test_without_a_kernel_the_tree_opens_by_itself(tree):
    still = tree.still.data
    assert still.count("<details open>") == 1 and still.count("<details>") == len(
        tree.tree(tree.root.value).children
    )
    assert "<script" not in still and len(still) < 20_000


def test_bad_input_to_the_tree_gets_one_sentence():
    features, wide = small.features(), small.features(90, 2)
    for call, words in (
        (lambda: SplittingTree([features]), "two or more dictionaries"),
        (lambda: SplittingTree([features, small.neurons()]), "the neurons of the neurons"),
        (lambda: SplittingTree([features, wide], root=40), "a feature from 0 to 39"),
    ):
        with pytest.raises(ValueError, match=words):
            call()
