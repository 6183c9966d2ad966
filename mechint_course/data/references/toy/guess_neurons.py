guess_neurons = None  # one of the four strings above
guess_neurons = "one feature each when dense, several when sparse"
