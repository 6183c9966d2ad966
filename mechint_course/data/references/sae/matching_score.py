def matching_score(
    directions: Float[Tensor, "d_sae d_in"], truth: Float[Tensor, "n_features d_in"]
) -> float:
    """The mean cosine of true features and latents, paired one to one so that this mean is as large as possible.

    By hand, with truth = [[0.6, 0.8], [0.0, 3.0]] and directions = [[0.0, 2.0], [1.0, 0.0], [-1.0, -1.0]]: the cosines
    of the first feature are 0.8, 0.6 and -0.99, of the second 1, 0 and -0.71. Both like latent 0 best. The best
    pairing gives it to the second feature and latent 1 to the first: (0.6 + 1) / 2 = 0.8.
    """
    truth = truth / truth.norm(dim=1, keepdim=True)
    directions = directions / directions.norm(dim=1, keepdim=True)
    cosines = truth @ directions.T
    rows, columns = linear_sum_assignment(cosines.numpy(), maximize=True)
    return cosines[rows, columns].mean().item()
