"""Chapter 2, what one neuron means: every exercise in the order of the notebook."""

from mechint_course.exercises.neurons.detecting import f1
from mechint_course.exercises.neurons.extensions import EXTENSIONS
from mechint_course.exercises.neurons.lookup import guess_detector, token_shares
from mechint_course.exercises.neurons.many_kinds import kinds_at_top
from mechint_course.exercises.neurons.pushing import logit_weights
from mechint_course.exercises.neurons.quantiles import guess_top, quantile_groups
from mechint_course.exercises.neurons.silencing import silence
from mechint_course.exercises.neurons.spread import domain_entropy
from mechint_course.exercises.neurons.stimulating import guess_silence, stimulate
from mechint_course.exercises.neurons.strongest import top_examples
from mechint_course.exercises.neurons.thresholds import best_threshold
from mechint_course.exercises.neurons.unlike_texts import domain_means, guess_domains
from mechint_course.exercises.neurons.writing import written

EXERCISES = (
    written,
    guess_silence,
    silence,
    stimulate,
    top_examples,
    guess_top,
    quantile_groups,
    logit_weights,
    kinds_at_top,
    guess_domains,
    domain_means,
    domain_entropy,
    f1,
    best_threshold,
    token_shares,
    guess_detector,
    *EXTENSIONS,
)
