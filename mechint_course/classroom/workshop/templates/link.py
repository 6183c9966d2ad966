"""Makes a link that brings a git repository's notebooks into a learner's server, and opens one of them.

    python link.py --hub http://192.168.1.5:8000 --repository https://example.org/course.git --chapter 01_toy

Whoever follows the link gets what is new; what they wrote themselves stays (nbgitpuller merges in their favour). The
hub of this folder hands out the course's chapters by itself: links are for hubs elsewhere, and for material of yours.
"""

import argparse
from urllib.parse import quote, urlencode, urlsplit


def link(hub: str, repository: str, branch: str = "main", path: str = "") -> str:
    """The address; `path` is a file of the repository, to be opened in JupyterLab.

    >>> link("http://hub:8000/", "https://example.org/course.git", path="chapters/a b.ipynb").partition("?")[0]
    'http://hub:8000/hub/user-redirect/git-pull'
    >>> link("http://hub:8000/", "https://example.org/course.git", path="a b.ipynb").rpartition("&")[2]
    'urlpath=lab%2Ftree%2Fcourse%2Fa%2520b.ipynb'
    """
    if urlsplit(hub).scheme not in ("http", "https"):
        raise SystemExit(
            f"--hub must begin with http:// or https://, and this is {hub!r}: copy it from the browser"
        )
    folder = repository.rstrip("/").rpartition("/")[2].removesuffix(".git")
    fields = {"repo": repository, "branch": branch, "urlpath": f"lab/tree/{folder}/{quote(path)}".rstrip("/")}
    return f"{hub.rstrip('/')}/hub/user-redirect/git-pull?{urlencode(fields)}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Makes an nbgitpuller link.")
    parser.add_argument("--hub", required=True, help="address of the JupyterHub")
    parser.add_argument("--repository", required=True, help="address of the git repository, as for git clone")
    parser.add_argument("--branch", default="main")
    parser.add_argument("--chapter", default="01_toy", help="chapter to open (default: 01_toy)")
    given = parser.parse_args()
    print(link(given.hub, given.repository, given.branch, f"chapters/{given.chapter}/{given.chapter}.ipynb"))
