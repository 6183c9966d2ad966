def restart(
    dead: Bool[Tensor, "d_sae"],
    inputs: Float[Tensor, "n_dead d_in"],
    W_enc: Float[Tensor, "d_in d_sae"],
    b_enc: Float[Tensor, "d_sae"],
    W_dec: Float[Tensor, "d_sae d_in"],
    b_dec: Float[Tensor, "d_in"],
) -> tuple[Float[Tensor, "d_in d_sae"], Float[Tensor, "d_sae"], Float[Tensor, "d_sae d_in"]]:
    """W_enc, b_enc and W_dec after the dead latents started again; row i of `inputs` is for the i-th dead one.

    By hand: the input [4, 4] with b_dec = [1, 0] lies in the direction [3, 4], at length 1 [0.6, 0.8]. Where the living
    encoder columns have the lengths 1 and 3, the mean is 2, and the new column is 0.2 * 2 * [0.6, 0.8] = [0.24, 0.32].
    """
    directions = inputs - b_dec
    directions = directions / directions.norm(dim=1, keepdim=True)
    length = W_enc[:, ~dead].norm(dim=0).mean()
    W_enc, b_enc, W_dec = W_enc.clone(), b_enc.clone(), W_dec.clone()
    W_enc[:, dead] = (0.2 * length * directions).T
    b_enc[dead] = 0
    W_dec[dead] = directions
    return W_enc, b_enc, W_dec
