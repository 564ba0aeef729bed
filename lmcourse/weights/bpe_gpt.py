"""A GPT over pieces instead of characters: `python -m lmcourse.weights.bpe_gpt` made it.

The model of `best_gpt`, over the pieces that byte-pair merges make of the same sentences, trained
for half as many steps. `bpe_gpt.json` beside this file is the recipe: the command, the merges, the
settings, seed, versions, date, seconds and what it reached on validation.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lmcourse import session
from lmcourse.data.reviews import load_reviews
from lmcourse.models.llama import Llama, LlamaConfig
from lmcourse.text.byte_pairs import BytePairTokenizer, learn_merges
from lmcourse.weights import best_gpt, llama_recipe, on_reviews, stored

NAME = "bpe_gpt"
MERGES = 1_000
STEPS = 2_500


def load(folder: Path | None = None) -> tuple[Llama, dict[str, Any], BytePairTokenizer]:
    """The trained model in evaluation mode, fp32 on the CPU, its recipe, and its tokenizer."""
    model, recipe = stored.load(NAME, lambda config: Llama(LlamaConfig(**config)), folder)
    pairs = [(bytes.fromhex(left), bytes.fromhex(right)) for left, right in recipe["merges"]]
    return model, recipe, BytePairTokenizer(pairs)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = stored.command_line(NAME, __doc__, STEPS)
    parser.add_argument("--profile", choices=("cpu", "gpu"), default="gpu")
    parser.add_argument("--merges", type=int, default=MERGES)
    parser.add_argument("--dropout", type=float, default=best_gpt.SIZE["dropout"])
    given = parser.parse_args(arguments)
    run = session.start(given.profile, given.seed)
    reviews = load_reviews("text")
    tokenizer = BytePairTokenizer(learn_merges(reviews["train"]["text"], given.merges))
    rows, validation = on_reviews.rows(tokenizer)
    llama_recipe.train(
        NAME,
        f"python -m lmcourse.weights.{NAME} --profile {given.profile} --seed {given.seed} "
        f"--steps {given.steps} --merges {given.merges} --dropout {given.dropout}",
        LlamaConfig(tokenizer.vocab_size, **{**best_gpt.SIZE, "dropout": given.dropout}),
        {**best_gpt.TRAINING, "steps": given.steps},
        rows,
        validation,
        [len(sentence) + 1 for sentence in reviews["validation"]["text"]],
        run=run,
        folder=given.folder,
        progress=given.progress,
        merges=[(left.hex(), right.hex()) for left, right in tokenizer.merges],
    )


if __name__ == "__main__":
    main()
