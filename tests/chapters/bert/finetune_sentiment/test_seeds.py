"""What three seeds of bert/finetune_sentiment must show: the mark, and the rival left behind."""

import json
import math
from pathlib import Path

import numpy as np
import scipy.stats

RECORD = (
    Path(__file__).parents[4] / "results" / "seeds" / "cpu" / "bert" / "finetune_sentiment.json"
)


def over_seeds(name):
    """The values of a record and its intervals over sentences, by seed."""
    runs = json.loads(RECORD.read_text(encoding="utf8"))["seeds"].values()
    entries = [run["records"][name] for run in runs]
    assert len(entries) >= 3
    return [entry["value"] for entry in entries], [entry["interval"] for entry in entries]


def test_the_accuracy_over_three_seeds_reaches_the_mark():
    values, _ = over_seeds("finetune.accuracy_minilm")
    assert np.mean(values) >= 0.86


def test_the_paired_difference_is_above_zero_over_sentences_and_seeds():
    """Both sources of chance in one interval: that of the sentences does not shrink with seeds."""
    values, bounds = over_seeds("finetune.paired_difference")
    assert all(low > 0 for low, _ in bounds)  # sentences, in every seed
    sentences = np.mean([(high - low) / (2 * 1.96) for low, high in bounds])
    seeds = np.std(values, ddof=1) / math.sqrt(len(values))
    wide = scipy.stats.t.ppf(0.975, len(values) - 1) * math.hypot(sentences, seeds)
    assert np.mean(values) - wide > 0
