def says_the_same(
    model_left, model_right, left: Float[Tensor, "n_pairs d_mlp"], right: Float[Tensor, "n_pairs d_mlp"]
) -> Float[Tensor, "n_pairs"]:
    """For each pair of directions, row by row, Pearson's correlation over the vocabulary of what they add to the logits.

    By hand: if row 0 of `left` adds 1, 2, 3 to the logits of three tokens in its model, and row 0 of `right` adds 2, 4, 0 in the
    other, then the first number is -0.5. How long a direction is does not matter.
    """
    def logit_weights(model, direction):
        written = direction @ model.W_out[0]
        written = written - written.mean(dim=-1, keepdim=True)
        said = (written * model.ln_final.weight) @ model.W_U
        return said - said.mean(dim=-1, keepdim=True)

    with torch.no_grad():
        said_left, said_right = logit_weights(model_left, left), logit_weights(model_right, right)
        return torch.cosine_similarity(said_left, said_right, dim=1)
