"""Chapter 3, sparse autoencoders: every exercise in the order of the notebook."""

from mechint_course.exercises.sae.auxiliary import auxk
from mechint_course.exercises.sae.damage import feature_damage
from mechint_course.exercises.sae.dead_latents import guess_dead, resampling_chances, restart
from mechint_course.exercises.sae.decoder import decode
from mechint_course.exercises.sae.doubting import DOUBTING
from mechint_course.exercises.sae.encoder import encode
from mechint_course.exercises.sae.finding import find_latent
from mechint_course.exercises.sae.harvesting import harvest
from mechint_course.exercises.sae.making_up import nearest_neuron, neurons_needed
from mechint_course.exercises.sae.matching import guess_chance, guess_penalty, matching_score
from mechint_course.exercises.sae.penalty import guess_scale, l1_loss
from mechint_course.exercises.sae.proof import guess_pinned, set_feature
from mechint_course.exercises.sae.reading import guess_unit, precision
from mechint_course.exercises.sae.real_layer import guess_recovered, loss_recovered
from mechint_course.exercises.sae.relu_encoder import relu_encode
from mechint_course.exercises.sae.shrinking import best_latent, guess_strength, shrinkage
from mechint_course.exercises.sae.sparsity import batch_topk, guess_shrinkage, penalised
from mechint_course.exercises.sae.tangent import tangent

BY_HAND = (relu_encode, decode, l1_loss, guess_scale, tangent)
KNOWN_ANSWER = (guess_chance, matching_score, guess_penalty, guess_strength, best_latent, shrinkage)
REAL_LAYER = (harvest, encode, guess_recovered, loss_recovered)
READING = (guess_unit, precision, find_latent, neurons_needed, nearest_neuron)
DEAD = (guess_dead, resampling_chances, restart, auxk)
FRONTIER = (guess_shrinkage, penalised, batch_topk)
PROOF = (set_feature, feature_damage, guess_pinned)

EXERCISES = (*BY_HAND, *KNOWN_ANSWER, *REAL_LAYER, *READING, *DEAD, *FRONTIER, *PROOF, *DOUBTING)
