"""Chapter 4, each exercise unsolved alone."""

from tests.notebooks.one_by_one import OneByOne


class TestUniversality(OneByOne):
    name = "04_universality"
