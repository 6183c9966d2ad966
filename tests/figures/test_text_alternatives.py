"""Every figure of the course can be read without eyes: it has a text alternative that says what was drawn."""

import doctest
import importlib
import inspect
import pkgutil

import pytest
from matplotlib.figure import Figure

import mechint_course.figures
from mechint_course.figures import style
from mechint_course.figures.words import describe

MODULES = [
    f"mechint_course.figures.{module.name}"
    for module in pkgutil.iter_modules(mechint_course.figures.__path__)
]


def public_figures(module) -> dict[str, object]:
    """The module's own functions that promise a Figure."""
    return {
        name: function
        for name, function in vars(module).items()
        if inspect.isfunction(inspect.unwrap(function))
        and not name.startswith("_")
        and function.__module__ == module.__name__
        and "Figure" in str(inspect.signature(inspect.unwrap(function)).return_annotation)
    }


@pytest.mark.parametrize("name", [name for name in MODULES if not name.endswith((".style", ".words"))])
def test_every_public_figure_tells_its_axes_and_panels(name, monkeypatch):
    """Each function's own example is run, and what it drew is read."""
    module = importlib.import_module(name)
    made: list[style.CourseFigure] = []

    def noted(*args, **keywords):
        made.append(style.new_figure(*args, **keywords))
        return made[-1]

    for holder in {inspect.getmodule(function) for function in public_figures(module).values()} | {module}:
        monkeypatch.setattr(holder, "new_figure", noted, raising=False)
    runner = doctest.DocTestRunner(verbose=False)
    for function_name, function in public_figures(module).items():
        made.clear()
        globs = dict(vars(inspect.getmodule(inspect.unwrap(function))))
        for test in doctest.DocTestFinder(recurse=False).find(
            inspect.unwrap(function), function_name, globs=globs
        ):
            runner.run(test, out=lambda _text: None)
        figures = [*made, *(value for value in globs.values() if isinstance(value, style.CourseFigure))]
        assert figures, f"{name}.{function_name} has no example that draws with new_figure"
        for figure in figures:
            words = figure.alt
            assert len(words) >= 25, f"{name}.{function_name} says only {words!r}"
            for axes in figure.axes:
                for label in (axes.get_xlabel(), axes.get_ylabel(), axes.get_title(loc="left")):
                    heard = " ".join(label.replace("$", "").split())
                    assert heard in words, f"{name}.{function_name} does not tell {label!r}"


def test_ends_and_extremes_are_those_of_the_data():
    figure = style.new_figure(columns=2, title="Both", alt="A bar and a line.")
    left, right = figure.axes
    left.bar([0, 1], [0.25, 4.0], label="shares")
    right.plot([1, 2, 4, 8], [3.0, 9.0, -2.0, 5.0], label="a")
    right.plot([1, 2], [7.0, 7.0], label="b")
    right.imshow([[1.0, float("nan")], [0.5, 2.5]])
    assert figure.alt == (
        "A bar and a line. Both. Panel 1: Bars of shares: 0.25, 4. "
        "Panel 2: a: from 3 (at 1) to 5 (at 8), lowest -2, highest 9. b: 7. "
        "A map of 2 rows and 2 columns, values from 0.5 to 2.5."
    )


def test_a_long_list_is_cut_because_it_is_listened_to():
    figure = style.new_figure()
    for k in range(40):
        figure.axes[0].text(k, k, f"word{k}")
    assert "word11 and 28 more" in describe(figure) and "word12" not in describe(figure)


def test_a_notebook_gets_the_picture_with_its_words_twice(capsys, monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda *args, **keywords: shown.append((args, keywords)))
    figure = style.new_figure(alt="Five < six & seven.")
    figure._ipython_display_()
    (picture, keywords), (words, _) = shown
    assert picture[0]["image/png"][:4] == b"\x89PNG" and picture[0]["text/plain"] == figure.alt
    assert keywords["metadata"]["image/png"]["alt"] == "Five < six & seven."
    assert "<p>Five &lt; six &amp; seven.</p>" in words[0].data
    assert isinstance(figure, Figure)
