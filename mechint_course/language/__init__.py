"""The course's own language: the mini-Pile, its tokenizer, the one-layer models A and B, and their activations.

Nothing here imports TransformerLens until a model is asked for.
"""

from mechint_course.language.activations import activations
from mechint_course.language.documents import Document
from mechint_course.language.models import ACTIVATION_HOOK, Shape, load_model, read_model, save_model
from mechint_course.language.own_text import from_dataset, from_files, from_text
from mechint_course.language.text import TokenizedText, evaluation_text, training_text
from mechint_course.language.tokenizer import START, load_tokenizer, token_strings
from mechint_course.language.training import Recipe, Trained, train_language_model

__all__ = [
    "ACTIVATION_HOOK",
    "START",
    "Document",
    "Recipe",
    "Shape",
    "TokenizedText",
    "Trained",
    "activations",
    "evaluation_text",
    "from_dataset",
    "from_files",
    "from_text",
    "load_model",
    "load_tokenizer",
    "read_model",
    "save_model",
    "token_strings",
    "train_language_model",
    "training_text",
]
