"""The card of a shipped dictionary, in Markdown: what it is, how it was made, how good it is."""

import platform

from mechint_course.features.dictionary_scores import ULTRALOW, DictionaryScores, DomainScores, Union


def card(
    name: str,
    *,
    architecture: str,
    command: str,
    n_inputs: int,
    training_text: str,
    evaluation_text: str,
    unrounded: float,
    packed: DictionaryScores,
    d_sae: int,
) -> str:
    """The text of `README.md` beside the weights; `unrounded` is the loss recovered before the weights were rounded to 8 bits."""
    loss, (low, high) = packed.loss, packed.interval
    lost = 100 * (unrounded - loss.recovered)
    precise = [row.domain for row in packed.domains if row.precision >= 0.9]
    by_context = [row for row in packed.domains if row.token_f1 <= 0.6]
    better = [row for row in by_context if row.latents.f1 > row.neurons.f1]
    return f"""# Dictionary {name}

{architecture}.
Trained on {n_inputs:,} activations (`blocks.0.mlp.hook_post`). Make it again:

    mechint-course {command}

Training text: manifest `{training_text}` (Python {platform.python_version()}); evaluation text: `{evaluation_text}`,
{packed.n_tokens:,} tokens. Another installation has another text, and so another dictionary of the same kind.

| on held-out text | |
|---|---|
| loss recovered, against zero ablation | {loss.recovered:.1%}, 95 % interval over documents {low:.1%} to {high:.1%} |
| loss recovered, against mean ablation | {loss.recovered_over_mean:.1%} |
| losses in nats: untouched, reconstructed | {loss.clean:.3f}, {loss.patched:.3f} |
| losses in nats: mean activation, zeros | {loss.mean_ablated:.3f}, {loss.zero_ablated:.3f} |
| FVU | {packed.fvu:.4f} |
| L0 | {packed.l0:.2f} |
| shrinkage (1 is none) | {packed.shrinkage:.3f} |
| latents silent on these tokens | {packed.census.dead} of {d_sae:,} ({packed.census.dead / d_sae:.1%}) |
| on less than once in {1 / ULTRALOW:,.0f} tokens | {packed.census.ultralow} |
| what rounding the weights to 8 bits cost | {lost:+.2f} points of the loss recovered |

A single latent is at least 90 % precise in {len(precise)} domains: {", ".join(precise) or "none"}.
Of the {len(by_context)} domains that the current token alone tells with an F1 of at most .6, the best union of five
latents beats the best union of five neurons in {len(better)}{_but(by_context)}.

Latents and neurons are chosen on one half of the documents and scored on the other; intervals are over documents.
A single latent is on for at least 2 % of its domain's tokens on the half that chose it. In a union each unit, latent or
neuron, may say yes from any of six thresholds.

| domain | loss | reconstructed | latent's precision | its recall | five latents, F1 | five neurons, F1 | token alone, F1 |
|---|---|---|---|---|---|---|---|
{_rows(packed)}

Licence of the weights: MIT, as the course.
"""


def _but(rows: list[DomainScores]) -> str:
    others = [row.domain for row in rows if row.latents.f1 <= row.neurons.f1]
    return f" (not in {', '.join(others)})" if others else ""


def _rows(scores: DictionaryScores) -> str:
    def union(found: Union) -> str:
        return f"{found.f1:.2f} [{found.low:.2f}, {found.high:.2f}]"

    return "\n".join(
        f"| {row.domain} | {row.clean:.2f} | {row.patched:.2f} | {row.precision:.2f} | {row.recall:.2f} | "
        f"{union(row.latents)} | {union(row.neurons)} | {row.token_f1:.2f} |"
        for row in scores.domains
    )
