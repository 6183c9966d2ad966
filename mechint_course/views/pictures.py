"""A figure inside a widget: an image with its text alternative, as wide as there is room for and no wider."""

from base64 import b64encode
from html import escape

from mechint_course.figures.style import CourseFigure, png


def picture_html(figure: CourseFigure, width: int) -> str:
    """The figure as HTML without a script, at most `width` pixels wide.

    (ipywidgets' own image can be given no text alternative.)

    >>> from mechint_course.figures.style import new_figure
    >>> html = picture_html(new_figure(2, 1, alt="Nothing is drawn."), 300)
    >>> 'alt="Nothing is drawn."' in html, "max-width:300px" in html
    (True, True)
    """
    source = f"data:image/png;base64,{b64encode(png(figure)).decode()}"
    return f'<img src="{source}" alt="{escape(figure.alt)}" style="width:100%;max-width:{width}px">'
