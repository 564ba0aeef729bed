"""Prompts and label words, against one text at a time and the softmax written out."""

import pytest
import tokenizers
import torch
import transformers

from lmcourse.models import prompting

TEMPLATE = "a b {text} it was"
WORDS = ("bad", "good")


@pytest.fixture(scope="module")
def tokenizer():
    names = ["?", *"abcdefgh", "it", "was", "bad", "good", "over", "##whelming"]
    inner = tokenizers.Tokenizer(
        tokenizers.models.WordPiece({name: i for i, name in enumerate(names)}, unk_token="?")
    )
    inner.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    return transformers.PreTrainedTokenizerFast(tokenizer_object=inner)


@pytest.fixture(scope="module", params=["llama", "gpt2"])
def model(request):
    torch.manual_seed(0)
    sizes = {"vocab_size": 15, "bos_token_id": None, "eos_token_id": None, "pad_token_id": None}
    if request.param == "llama":
        config = transformers.LlamaConfig(
            hidden_size=16,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            intermediate_size=32,
            max_position_embeddings=32,
            initializer_range=0.5,
            **sizes,
        )
        return transformers.LlamaForCausalLM(config).eval()
    config = transformers.GPT2Config(
        n_embd=16, n_layer=2, n_head=4, n_positions=32, initializer_range=0.5, **sizes
    )
    return transformers.GPT2LMHeadModel(config).eval()


@pytest.mark.parametrize("batch_size", [1, 2, 16])
@pytest.mark.parametrize(
    "texts",
    [["c d", "", "e f g h c d e", "c", "c d"], ["c d"], ["c d", "c d"], [""]],
    ids=["several", "one", "equal", "empty"],
)
@pytest.mark.parametrize("template", [TEMPLATE, "{text} was", "a {text}"])
def test_it_equals_a_plain_softmax_of_one_prompt_at_a_time(
    model, tokenizer, template, texts, batch_size
):
    found = prompting.class_log_probabilities(
        model, tokenizer, template, WORDS, texts, batch_size=batch_size
    )
    for text, row in zip(texts, found, strict=True):
        ids = tokenizer(template.replace("{text}", text), return_tensors="pt")["input_ids"]
        with torch.inference_mode():
            logits = model(input_ids=ids).logits[0, -1].double()  # [V]
        odds = logits.exp() / logits.exp().sum()
        expected = odds[[tokenizer.vocab[word] for word in WORDS]].log()
        torch.testing.assert_close(row.double(), expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("template", "words", "texts", "message"),
    [
        ("no place", WORDS, ["c"], r"template must hold \{text\} exactly once.*0 times"),
        ("{text} {text}", WORDS, ["c"], "2 times"),
        (TEMPLATE, ("overwhelming", "good"), ["c"], r"2 pieces \['over', '##whelming'\].*\['good'"),
        (TEMPLATE, ("", "good"), ["c"], "0 pieces"),
        (TEMPLATE, ("good",), ["c"], "at least two classes"),
        (TEMPLATE, ("good", "good"), ["c"], "the same word"),
        (TEMPLATE, WORDS, [], "texts is empty"),
        (TEMPLATE, WORDS, ["c " * 40], "44 tokens, the model reads at most 32"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(model, tokenizer, template, words, texts, message):
    with pytest.raises(ValueError, match=message):
        prompting.class_log_probabilities(model, tokenizer, template, words, texts)


def test_one_string_is_not_a_list_of_words(tokenizer):
    with pytest.raises(TypeError, match="one label word a class"):
        prompting.label_ids(tokenizer, "good")


def test_an_empty_batch_is_refused(model, tokenizer):
    with pytest.raises(ValueError, match="batch_size"):
        prompting.class_log_probabilities(model, tokenizer, TEMPLATE, WORDS, ["c"], batch_size=0)


def test_a_label_word_keeps_the_space_before_it():
    ids = {" good": 1, "good": 2, " bad": 3, "bad": 4}

    def spaced(word, add_special_tokens):
        return {"input_ids": [ids[word]]}

    assert prompting.label_ids(spaced, [" bad", " good"]) == [3, 1]
    assert prompting.label_ids(spaced, ["bad", "good"]) == [4, 2]
