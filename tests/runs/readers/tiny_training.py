"""Train tiny models and leave their logs in a folder: ``python training.py LIBRARY FOLDER``.

The losses that the library itself gives, by the name of the run and in the order of steps, are printed as JSON, with
the number of parameters. A program of its own, for what trains imports much, and takes folders of tests for packages.
"""

import json
import sys
from pathlib import Path

import numpy as np

LETTERS, LENGTH, BATCH, STEPS, EVERY = 32, 16, 8, 64, 16
WIDTHS = (8, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80)


def texts(count, seed):
    """Texts of a Markov chain, shape (count, LENGTH)."""
    chain = np.random.default_rng(0).dirichlet(np.full(LETTERS, 0.1), size=LETTERS).cumsum(axis=1)
    rng = np.random.default_rng(seed)
    found = np.zeros((count, LENGTH), int)
    for t in range(1, LENGTH):
        found[:, t] = (rng.random(count)[:, None] > chain[found[:, t - 1]]).sum(axis=1).clip(0, LETTERS - 1)
    return [{"input_ids": text, "labels": text} for text in found]


def with_transformers(folder, width):
    import transformers

    config = transformers.GPT2Config(
        vocab_size=LETTERS, n_positions=LENGTH, n_embd=width, n_head=2, n_layer=1, bos_token_id=0, eos_token_id=0
    )
    arguments = transformers.TrainingArguments(
        output_dir=str(folder), max_steps=STEPS, per_device_train_batch_size=BATCH, eval_strategy="steps",
        eval_steps=EVERY, logging_steps=EVERY, save_steps=STEPS, use_cpu=True, report_to=["tensorboard"],
        disable_tqdm=True, learning_rate=3e-3, lr_scheduler_type="constant",
    )  # fmt: skip
    model = transformers.GPT2LMHeadModel(config)
    trainer = transformers.Trainer(
        model=model, args=arguments, train_dataset=texts(BATCH * STEPS, 1), eval_dataset=texts(64, 2)
    )
    trainer.train()
    return model, [row["eval_loss"] for row in trainer.state.log_history if "eval_loss" in row]


def with_lightning(folder, width):
    import lightning
    import torch
    from lightning.pytorch.loggers import CSVLogger
    from torch.utils.data import DataLoader

    class Bigrams(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.layers = torch.nn.Sequential(torch.nn.Embedding(LETTERS, width), torch.nn.Linear(width, LETTERS))
            self.measured = []

        def loss(self, batch):
            text = batch["input_ids"]
            return torch.nn.functional.cross_entropy(self.layers(text[:, :-1]).flatten(0, 1), text[:, 1:].flatten())

        def training_step(self, batch, index):
            loss = self.loss(batch)
            self.log("train_loss", loss)
            return loss

        def validation_step(self, batch, index):
            self.log("val_loss", self.loss(batch))
            self.measured.append(self.loss(batch).item())

        def configure_optimizers(self):
            return torch.optim.Adam(self.parameters(), 1e-2)

    trainer = lightning.Trainer(
        max_epochs=1, val_check_interval=EVERY, log_every_n_steps=EVERY, logger=CSVLogger(folder.parent, folder.name),
        accelerator="cpu", enable_progress_bar=False, enable_checkpointing=False, num_sanity_val_steps=0,
    )  # fmt: skip
    model = Bigrams()
    trainer.fit(model, DataLoader(texts(BATCH * STEPS, 1), BATCH), DataLoader(texts(64, 2), 64))
    return model, model.measured


if __name__ == "__main__":
    library, place = sys.argv[1], Path(sys.argv[2])
    print(json.dumps({"library": library}))
    for size in WIDTHS:
        trained, losses = {"transformers": with_transformers, "lightning": with_lightning}[library](
            place / f"width{size}", size
        )
        params = sum(parameter.numel() for parameter in trained.parameters())
        print(json.dumps({"run": f"width{size}", "losses": losses, "params": params}))
