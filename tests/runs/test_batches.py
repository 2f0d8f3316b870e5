"""What a step is worth, offered by the settings that stand beside the losses."""

import pandas as pd
import pytest

from bayeslaw.runs.reading import understand

STEPS = {"step": [100, 200], "eval_loss": [3.0, 2.5]}


@pytest.mark.parametrize(
    ("settings", "offered"),
    [
        ({"per_device_train_batch_size": 8, "gradient_accumulation_steps": 4}, ["data:32"]),
        ({"per_device_train_batch_size": 8, "gradient_accumulation_steps": 4, "_n_gpu": 2}, ["data:64"]),
        ({"config.batch_size": "8"}, ["data:8"]),
        ({"global_batch_size": 256, "per_device_train_batch_size": 8, "world_size": 4}, ["data:256"]),
        ({"global_batch_size": 256, "seq_length": 2048}, ["data:256", "tokens:524288"]),
        ({"batch_size": 524288, "block_size": 1024}, ["tokens:524288"]),
        ({"tokens_per_step": 32768, "batch_size": 16}, ["tokens:32768"]),
        ({"batch_size_tokens": "0.5M"}, ["tokens:500000"]),
        ({"tokens_per_step": [32768, 65536]}, []),
        ({"batch_size": [8, 16]}, []),
        ({"batch_size": "auto"}, []),
        ({"eval_batch_size": 8, "lr": 0.1}, []),
    ],
)
def test_a_batch_is_offered_as_an_answer(settings, offered):
    (question,) = understand(pd.DataFrame({**STEPS, **settings})).questions
    general = ["data", "data:EXAMPLES_A_STEP", "tokens:TOKENS_A_STEP"]
    assert list(question.options) == [f"step={role}" for role in [*offered, *general]]


def test_what_a_batch_follows_from_is_said():
    (question,) = understand(pd.DataFrame({**STEPS, "batch_size": 8, "accumulate_grad_batches": 2})).questions
    assert question.sentence.endswith(
        "By the settings beside it, 'batch_size' (8) times 'accumulate_grad_batches' (2), it is 16 examples; more "
        "devices multiply that."
    )
    (question,) = understand(pd.DataFrame({**STEPS, "batch_size": 8})).questions
    assert question.sentence.endswith("more devices, or gradients that are accumulated, multiply that.")
    (question,) = understand(pd.DataFrame({**STEPS, "batch_size": 8, "n_gpu": 2})).questions
    assert question.sentence.endswith("it is 16 examples; gradients that are accumulated multiply that.")
    (question,) = understand(pd.DataFrame({**STEPS, "batch_size": [8, 16]})).questions
    assert question.sentence.endswith("A step is not worth the same in all rows: 'batch_size' differs.")
