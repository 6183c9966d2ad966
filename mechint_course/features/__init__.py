"""What a feature or a neuron means: evidence, logit weights, interventions, matching across models."""
