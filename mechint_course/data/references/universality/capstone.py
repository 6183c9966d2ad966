def capstone() -> str:
    """The name of the domain that model A was trained on and model B was not: one of those printed above.

    If A's text alone had held recipes, and the list said `recipes`, the body would be `return "recipes"`.
    """
    return "weather"
