"""Commands as tables: a new one is a line here. Standard library only, like the command line that reads them."""

from mechint_course.classroom.grading import words as grading
from mechint_course.hackathon import words as hackathon

TRAININGS = {
    "language": ("language.train", "trains the language models", "train language --model A --out my-model"),
    "sae": ("features.train_sae", "trains the dictionaries", "train sae --model A --out my-dictionary"),
    "matching": (
        "features.train_matching",
        "matches the features of models A and B over millions of tokens",
        "train matching --out my-matching",
    ),
    "toy-points": (
        "toy.regimes",
        "fits toy models to training sets from few examples to many",
        "train toy-points --out points.safetensors",
    ),
    "toy-strip": (
        "toy.make_strip",
        "trains the toy models of chapter 1's geometry",
        "train toy-strip --out my-strip",
    ),
}
"""What `train` makes: the module that adds the options and does it, the line of help, an example."""

ROOMS = {
    "grade": (
        grading.add_arguments,
        "classroom.grading.command",
        "grades notebooks: a table, CSV, and a page for each learner",
        "grade submissions.zip",
    ),
    "new": (
        hackathon.add_new,
        "hackathon.project",
        "starts a hackathon project that runs",
        "new my-project --track dictionaries",
    ),
    "evaluate": (
        hackathon.add_evaluate,
        "hackathon.command",
        "scores dictionaries, without running anyone's code: a card for each, and a leaderboard",
        "evaluate team-1/my-dictionary team-2/my-dictionary --secret-seed 'words nobody guesses'",
    ),
}
"""Commands whose words stand beside their room: what adds them, the module that does it, the line of help, an example."""
