def tangent(
    W_dec: Float[Tensor, "d_sae d_in"], gradient: Float[Tensor, "d_sae d_in"]
) -> Float[Tensor, "d_sae d_in"]:
    """The gradient of each row without its part along that row. The rows of W_dec have length 1.

    By hand: for the row [0.6, 0.8] and its gradient [1.0, 2.0], the part along the row is 2.2 times the row, which is
    [1.32, 1.76]. What is left is [-0.32, 0.24], at a right angle to the row.
    """
    along = (gradient * W_dec).sum(dim=1, keepdim=True)
    return gradient - along * W_dec
