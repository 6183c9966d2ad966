"""Chapter 2's extensions, in the order of the notebook: why, which axes, directions, a vision neuron."""

from mechint_course.exercises.neurons.basis import guess_basis, in_basis, kurtosis
from mechint_course.exercises.neurons.directions import difference_of_means, set_component
from mechint_course.exercises.neurons.steering import guess_steering, steer
from mechint_course.exercises.neurons.vision import excite, guess_digits
from mechint_course.exercises.neurons.why import guess_split, one_neuron_loss

EXTENSIONS = (
    guess_split,
    one_neuron_loss,
    guess_basis,
    kurtosis,
    in_basis,
    difference_of_means,
    steer,
    guess_steering,
    set_component,
    guess_digits,
    excite,
)
