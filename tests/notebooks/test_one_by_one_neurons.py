"""Chapter 2, each exercise unsolved alone."""

from tests.notebooks.one_by_one import OneByOne


class TestNeurons(OneByOne):
    name = "02_neurons"
