"""The five tracks of a hackathon: what is asked, why nobody knows, and where to go from the baseline."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Track:
    """A question with a running start. The prose is shown as it stands."""

    name: str
    """What `--track` takes; the notebook's source is `templates/NAME.py`."""
    title: str
    question: str
    baseline: str
    """What the notebook does, in a sentence or two."""
    why_open: str
    problems: str
    """Which problems of the published list it is near, by section and number."""
    effort: str
    directions: tuple[str, str, str]
    findings: tuple[str, ...]
    pitfalls: tuple[str, ...]
    handing_in: str


_SCORED = (
    "`mechint-course evaluate my-dictionary` makes its card, beside the shipped dictionary's. The organiser runs the same "
    "command on all teams with `--secret-seed`: a text that nobody could train on. The score is the loss recovered within "
    "16 latents a token, for dictionaries of at most 4,096 latents, and the F1 of the best latent for each domain stands beside it."
)
_OWN_WORDS = "Nothing is scored by a machine here: the report is what you hand in, with the notebook that made its plot."

_ALL = (
    Track(
        name="dictionaries",
        title="Better dictionaries",
        question="Can you beat the shipped dictionary of 4,096 latents, with 16 of them on for a token or fewer?",
        baseline="The notebook trains a small dictionary in about a minute, scores it like the organiser will, and "
        "draws it beside the shipped ones.",
        why_open="Nobody knows what the best possible dictionary of a layer looks like. Top-k, BatchTopK, JumpReLU and "
        "Matryoshka dictionaries each beat another on some score of some model, and a dictionary that recovers more of the "
        "loss does not always hold clearer features. In a small model with labelled text you can see both at once.",
        problems="problem 4.45 (progress on an open question of the toy models' paper, whose section on finding features asks "
        "for dictionaries) and problem 9.52 (a better measure of monosemanticity), of the sections *Exploring "
        "Polysemanticity and Superposition* and *Studying Learned Features in Language Models*",
        effort="an evening for a fair comparison, a weekend for an idea of your own.",
        directions=(
            "Train longer and better: more tokens, another learning rate, `BatchTopKSAE` or `JumpReLUSAE` "
            "(`from mechint_course.sae import BatchTopKSAE`), and measure what each change is worth alone.",
            "Spend the 16 latents better: which tokens need more than 16, and which need two?",
            "Trade fidelity for clarity: `MatryoshkaSAE` keeps coarse features whole. Does domain F1 rise, and what does it cost?",
        ),
        findings=(
            "A dictionary above the shipped one on the secret text, by more than the difference between two seeds of the same recipe.",
            "A change that raises domain F1 and keeps the loss recovered, or a reason why there is none.",
            "A well-measured negative result: something that should have helped, and did not, over three seeds.",
        ),
        pitfalls=(
            "The public held-out text is not for training. A dictionary that was tuned to it shows a gap on the secret one.",
            "Latents that are on for most tokens raise the loss recovered and mean little: look at how often yours fire.",
            "One seed is no result. Train the baseline twice before you believe a difference.",
        ),
        handing_in="The notebook writes your dictionary to `my-dictionary/` in SAELens' format. " + _SCORED,
    ),
    Track(
        name="neurons",
        title="Features and neurons",
        question="Which neuron of model A is the most polysemantic, what is it for, and when do such neurons appear in training?",
        baseline="The notebook finds a candidate by a measure that you may well dislike, shows what excites it and which "
        "features of the shipped dictionary write to it, then trains a small model and watches its neurons from step 0 on.",
        why_open="Polysemantic is easily said and badly defined: how many meanings a neuron has depends on who counts and "
        "on which text. How a neuron tells its meanings apart again, and whether it had one meaning first and got more "
        "later, has been looked at for very few neurons.",
        problems="problems 1.7 (difficulty A) and 4.29 (polysemantic neurons of one-layer models, and how the model tells their "
        "meanings apart) "
        "and 5.22 (whether neurons form in a phase transition), of the sections *The Case for Analysing Toy Language "
        "Models*, *Exploring Polysemanticity and Superposition* and *Analysing Training Dynamics*",
        effort="an evening for one neuron told well, a weekend for a statement about all of them.",
        directions=(
            "Define polysemantic better than by entropy over domains (count features of the dictionary, count clusters of "
            "contexts), and show that your measure ranks neurons as a person would.",
            "Take one neuron apart: for each of its meanings, which other neurons are on as well, and what do the logits "
            "lose when you silence it there only (`mechint_course.features.interventions`)?",
            "Keep models along a real training, `mechint-course train language --model A --tokens 8000000 --checkpoints 12 "
            "--out trained`, and follow one neuron of the last backwards.",
        ),
        findings=(
            "A neuron with its meanings listed, each confirmed on text that you did not choose it on.",
            "A measure of polysemanticity that predicts something else, such as the harm of silencing the neuron.",
            "A time in training at which most neurons take their domain, in two seeds.",
        ),
        pitfalls=(
            "The strongest examples of a neuron flatter it: look at the middle and weak ones too.",
            "A neuron that fires everywhere has high entropy and may have no meaning at all. Leave such neurons out knowingly.",
            "What is 'the same neuron' at two checkpoints is clear by number within one training, and in no other case.",
        ),
        handing_in=_OWN_WORDS,
    ),
    Track(
        name="universality",
        title="Universality",
        question="What makes a feature universal, and which features does only one of two models have?",
        baseline="The notebook matches the features of model A with those of model B, as chapter 4 does, and asks of each "
        "how often it fires and in which kind of text.",
        why_open="Bricken et al. 2023 report that the typical feature of one model has a twin in another, and that some "
        "have none. Which ones, and why, is not known: a feature may be missing, or split in two, or be there and not "
        "found by the dictionary.",
        problems="problems 9.53 and 9.54 (what two models' neurons and features have in common) and 5.32 (how alike "
        "models of different seeds are), of the sections *Studying Learned Features in Language Models* and *Analysing "
        "Training Dynamics*",
        effort="an evening to find what goes with universality, a weekend to tell the three kinds of missing apart.",
        directions=(
            "Predict the correlation of a feature's twin from what one model alone shows: frequency, domain, current token "
            "against context, the size of its effect on the logits.",
            "Take the features of A without a twin. Are they split in B (does a union of latents match), or is the "
            "dictionary to blame (train a second one on B and look again)?",
            "Models A and B read different worlds: weather reports are A's alone, chess is B's alone. Which features did "
            "that cost or make?",
        ),
        findings=(
            "A property that predicts universality on features that you held out, better than frequency does.",
            "A list of features of A without a twin, sorted by reason, with an example of each that a reader can check.",
            "Evidence that a feature is in both models and only the dictionaries disagree.",
        ),
        pitfalls=(
            "The best of thousands of correlations is above zero by chance, and more so for rare features: use the shuffled null.",
            "Features that fire on more than one token in a hundred match badly and pull the median down. Report by frequency.",
            "A twin by activation may do something else to the logits. Bricken et al. 2023 show such a pair.",
        ),
        handing_in=_OWN_WORDS,
    ),
    Track(
        name="geometry",
        title="Geometry",
        question="Which shapes do features take in more than two dimensions, and which do they take with another activation function?",
        baseline="The notebook trains toy models with four activation functions at several densities, in three dimensions, "
        "and draws how much of a dimension each feature gets.",
        why_open="Elhage et al. 2022 show regular shapes for one model: a ReLU at the output, independent features, uniform "
        "strengths. More dimensions, other activation functions (a comment to the paper says that the phase diagram depends "
        "strongly on them) and correlated features have been drawn far less.",
        problems="problems 4.2 (variants of the ReLU output model; difficulty B), 4.4 (features of unequal sparsity; B), 4.7 to 4.9 "
        "(other values for features; 4.7 is an A) and 4.10 and 4.11 (GELU in place of ReLU; 4.10 is an A), "
        "of the section *Exploring Polysemanticity and Superposition*",
        effort="an evening for a picture that nobody has drawn, a weekend for a reason.",
        directions=(
            "Go up in dimension: four hidden dimensions and ten features or more. Which polytope is it (count the angles "
            "with `cosines`), and do all seeds agree?",
            "Correlate the features (`CorrelatedSets`, `AnticorrelatedSets` as sampler). Which fractions disappear, and which are new?",
            "Change the strengths: binary features, or between a half and one. Where does superposition begin then?",
        ),
        findings=(
            "A fraction of a dimension that seeds agree on and that is not in the table of Elhage et al. 2022.",
            "An activation function without superposition at a density where the ReLU has it, with a reason.",
            "A formula for the density at which a shape takes over, checked against trained models.",
        ),
        pitfalls=(
            "Two hidden dimensions are harder to train than three (Elhage et al. 2022): train several seeds and keep the lowest loss.",
            "A shape between two regular ones is most often a training that was cut short.",
            "Losses at different densities belong to different tasks: never compare them with each other.",
        ),
        handing_in=_OWN_WORDS,
    ),
    Track(
        name="own-model",
        title="Your own model",
        question="Does a dictionary find clearer features than the neurons are, in a model that the course has never seen?",
        baseline="The notebook reads activations twice: from a TransformerLens model by the name of a hook point, and from a "
        "plain PyTorch module through a forward hook. It trains a dictionary on the second and sets its latents against the neurons.",
        why_open="Most of what is known about dictionaries comes from language models of one family. Whether they help in "
        "a small classifier, a chess network or a model of your own field is for the most part untried, and labels make it easy to see.",
        problems="problems 1.23 and 2.12 (choose a behaviour of your own; difficulty A, and A to C) and 9.35 and 4.35 "
        "(probes for known features in "
        "activations), of the sections *The Case for Analysing Toy Language Models*, *Looking for Circuits in the Wild*, "
        "*Studying Learned Features in Language Models* and *Exploring Polysemanticity and Superposition*",
        effort="an evening to hook your model, a weekend to learn something about it.",
        directions=(
            "Put your own model in: any `nn.Module`, or a TransformerLens model by name "
            '(`load_model("gelu-1l")` downloads it once).',
            "Ask what the labels do not: which latents fire for a reason that nobody labelled, and can you prove it by changing an input?",
            "Compare layers: where does the dictionary help most, and where are the neurons already clear?",
        ),
        findings=(
            "A feature of your model that you did not expect, confirmed on inputs that you made for it.",
            "A layer where latents beat neurons on held-out labels, with the same number of units allowed to both.",
            "A model where dictionaries do not help, over several sizes and sparsities.",
        ),
        pitfalls=(
            "A hook that is not removed stays: keep the handle, and remove it.",
            "A layer without a ReLU has negative values too. That is no fault, but 'a neuron is on' means less there.",
            "Score on inputs that neither the model nor the dictionary was trained on.",
        ),
        handing_in="The notebook writes `my-dictionary/` and `activations.safetensors`, activations with labels that took no "
        "part in training. `mechint-course evaluate my-dictionary --activations activations.safetensors` makes its card: "
        "the variance explained within 16 latents, and the F1 of the best latent for each label.",
    ),
)
TRACKS: Mapping[str, Track] = {track.name: track for track in _ALL}
"""By the name that `--track` takes."""
