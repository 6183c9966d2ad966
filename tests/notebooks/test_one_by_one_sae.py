"""Chapter 3, each exercise unsolved alone."""

from tests.notebooks.one_by_one import OneByOne


class TestSae(OneByOne):
    name = "03_sae"
