"""The best GPT of the book on the reviews: `python -m lmcourse.weights.best_gpt` made it.

A Llama-type decoder over characters with dropout, trained by Muon and AdamW in bf16. Its sizes and
settings were chosen on validation. `best_gpt.json` beside this file is the recipe: the command, the
settings, seed, versions, date, seconds, CPU seconds and what it reached on validation.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lmcourse import session
from lmcourse.evaluation.scoring import n_predicted
from lmcourse.models.llama import Llama, LlamaConfig
from lmcourse.text.characters import CharTokenizer
from lmcourse.weights import llama_recipe, on_reviews, stored

NAME = "best_gpt"
SIZE: dict[str, Any] = {
    "context_length": 288,
    "n_layers": 6,
    "n_heads": 4,
    "n_kv_heads": 4,
    "d_model": 256,
    "d_hidden": 672,
    "rotary_base": 1000.0,
    "dropout": 0.2,
}
TRAINING: dict[str, Any] = {
    "steps": 5_000,
    "batch_size": 32,
    "matrix_rate": 0.02,
    "learning_rate": 3e-3,
    "weight_decay": 0.1,
}


def load(folder: Path | None = None) -> tuple[Llama, dict[str, Any]]:
    """The trained model in evaluation mode, fp32 on the CPU, and its recipe."""
    return stored.load(NAME, lambda config: Llama(LlamaConfig(**config)), folder)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    given = stored.command_line(NAME, __doc__, TRAINING["steps"]).parse_args(arguments)
    run = session.start("cpu", given.seed)
    tokenizer = CharTokenizer()
    rows, validation = on_reviews.rows(tokenizer)
    llama_recipe.train(
        NAME,
        f"python -m lmcourse.weights.{NAME} --seed {given.seed} --steps {given.steps}",
        LlamaConfig(tokenizer.vocab_size, **SIZE),
        {**TRAINING, "steps": given.steps},
        rows,
        validation,
        n_predicted(validation).tolist(),
        run=run,
        folder=given.folder,
        progress=given.progress,
    )


if __name__ == "__main__":
    main()
