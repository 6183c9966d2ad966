"""circuitsvis without the network: its own bundle, taken from the installed wheel and served by JupyterLab.

circuitsvis imports its JavaScript from a public address when a cell is viewed. Here an output holds plain
HTML that carries the meaning, and a short script that replaces it by the circuitsvis view where three
things are true: the output is trusted, the page belongs to a Jupyter server, and that server finds it.
The bundle is copied once from the installed circuitsvis into a folder that Jupyter servers serve; nothing is
fetched from anywhere else.
"""

import importlib.metadata
import importlib.util
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jupyter_core.paths import jupyter_data_dir, jupyter_path

FOLDS = "mechint-folds"
"""The class of a `details` element that is open while there is no drawing, and folded once there is."""

_FOLDER = "mechint_course"
_SOURCE = ("dist", "cdn", "iife.js")

# Loads the bundle once a page; draws each view beside its plain form, which goes once the drawing is there.
# The space below is for what circuitsvis shows on hovering, which an output area would cut off.
_SCRIPT = """(h=>{const c=document.getElementById('jupyter-config-data');if(!c)return;
const u=JSON.parse(c.textContent).fullLabextensionsUrl;if(!u)return;const k='mechintCircuits';
const b=window[k]||(window[k]=new Promise((ok,no)=>{const s=document.createElement('script');s.src=u+'/%s';
s.onload=()=>ok(window.CircuitsVis);s.onerror=()=>{delete window[k];no()};document.head.append(s)}));
b.then(C=>{h.style.paddingBottom='3em';h.querySelectorAll('.mechint-view').forEach((p,i)=>{if(!p.isConnected||!views[i])return;
const d=document.createElement('div');d.id='mechint-'+Math.random().toString(36).slice(2);p.after(d);
new MutationObserver((_,o)=>{o.disconnect();p.remove();
h.querySelectorAll('.mechint-folds').forEach(f=>f.open=false)}).observe(d,{childList:true});
C.render(d.id,C[views[i][0]],views[i][1])})},()=>{})})(document.currentScript.parentNode)"""


@dataclass(frozen=True)
class View:
    """One circuitsvis view."""

    element: str
    """Name of the component, for example `ColoredTokens`."""
    props: Mapping[str, object]
    """Its properties, as JSON can hold them."""
    plain: str
    """HTML that says the same without JavaScript: what an untrusted, exported or printed notebook shows."""


def embed(html: str, views: Sequence[View]) -> str:
    """An output that shows `html`, in which the places `{view}` are taken by `views` in order.

    Args:
        html: safe HTML around the views, with one `{view}` for each of them.
        views: the circuitsvis views.

    Returns:
        HTML for `_repr_html_`, without any address of another machine.

    Raises:
        ValueError: the number of places is not the number of views.
    """
    pieces = html.split("{view}")
    if len(pieces) != len(views) + 1:
        found = len(pieces) - 1
        raise ValueError(
            f"expected a {{view}} for each of {len(views)} views, found {found}: add or remove some."
        )
    places = [f'<div class="mechint-view">{view.plain}</div>' for view in views] + [""]
    body = "".join(piece + place for piece, place in zip(pieces, places, strict=True))
    bundle = served_bundle()
    if bundle is None:
        note = "circuitsvis's own view is missing here: no folder of Jupyter's could be written to."
        return f"<div>{body}<small>{note}</small></div>"
    listed = [[view.element, dict(view.props)] for view in views]
    calls = json.dumps(listed, ensure_ascii=False, separators=(",", ":"))
    # "<" would end the script element early; the two separators end a line in old JavaScript.
    calls = calls.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return f"<div>{body}<script>{{const views={calls};\n{_SCRIPT % bundle}}}</script></div>"


def served_bundle() -> str | None:
    """Where the bundle is, below the address at which a Jupyter server serves its extensions.

    It is copied from the installed circuitsvis at the first call. The environment's own folder may be
    read-only; then the user's is taken.

    Returns:
        The path below that address, or None where no folder could be written to.
    """
    version = importlib.metadata.version("circuitsvis")
    static = Path("labextensions", _FOLDER, "static", f"circuitsvis-{version}.js")
    served = Path(*static.parts[1:]).as_posix()
    if any(Path(folder, *static.parts[1:]).is_file() for folder in jupyter_path("labextensions")):
        return served
    ours = (Path(sys.prefix, "share", "jupyter"), Path(jupyter_data_dir()))
    searched = [Path(folder) for folder in jupyter_path() if Path(folder) in ours]
    return served if any(_copied(_wheel_bundle(), folder / static) for folder in searched) else None


def _wheel_bundle() -> Path:
    """The bundle inside the installed circuitsvis (found without importing it)."""
    spec = importlib.util.find_spec("circuitsvis")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("expected circuitsvis installed, found none: pip install circuitsvis.")
    return Path(spec.submodule_search_locations[0], *_SOURCE)


def _copied(source: Path, target: Path) -> bool:
    """Whether `source` could be put at `target`: whole or not at all, since two kernels may try at once."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, suffix=".part")
        os.close(handle)
    except OSError:
        return False
    try:
        shutil.copyfile(source, name)
        os.chmod(name, 0o644)
        os.replace(name, target)
    except OSError:
        Path(name).unlink(missing_ok=True)
        return False
    return True
