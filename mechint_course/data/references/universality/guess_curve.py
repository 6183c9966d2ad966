guess_curve = None  # one of: "agreement rises with L0", "agreement falls with L0", "no difference"
guess_curve = "agreement falls with L0"
