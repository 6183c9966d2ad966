"""Chapter 2, what one neuron means: every exercise in the order of the notebook."""

from mechint_course.exercises.neurons.silencing import silence
from mechint_course.exercises.neurons.strongest import guess_domains, top_examples
from mechint_course.exercises.neurons.unlike_texts import domain_means

EXERCISES = (guess_domains, top_examples, domain_means, silence)
