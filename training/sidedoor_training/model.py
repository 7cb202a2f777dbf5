"""The model: one BERT, one linear layer on top that serves both tasks.

Each intent's logit is a bias plus the sum over the message's tokens of attention weight ×
token score; the summands are an output, so what is shown as evidence is exact. The tag head
reads the same hidden states. The form of the pooling is attention-based multiple-instance
learning (Ilse, Tomczak and Welling 2018) with an additive score.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import BertConfig, BertModel, BertPreTrainedModel
from transformers.utils.generic import ModelOutput

from sidedoor_training.dataset import IGNORED


class SidedoorConfig(BertConfig):
    """A BERT's configuration, and the numbers of intents and tags."""

    model_type = "sidedoor"

    intent_count: int = 3
    tag_count: int = 21
    tag_loss_weight: float = 1.0
    label_smoothing: float = 0.0


@dataclass
class SidedoorOutput(ModelOutput):
    """`intent_logits` (batch, intents), `tag_logits` (batch, tokens, tags), and
    `intent_evidence` (batch, tokens, intents), whose sum over tokens plus bias is the logit;
    where asked for, `hidden_states` (batch, tokens, units) before and after each layer.
    """

    loss: Tensor | None = None
    intent_logits: Tensor | None = None
    tag_logits: Tensor | None = None
    intent_evidence: Tensor | None = None
    hidden_states: tuple[Tensor, ...] | None = None


class SidedoorModel(BertPreTrainedModel):
    """BERT with evidence pooling for intents and a token head for BIO tags."""

    config_class = SidedoorConfig
    accepts_loss_kwargs = False
    """The loss is a batch's mean: the Trainer divides it by the accumulated batches."""

    def __init__(self, config: SidedoorConfig) -> None:
        super().__init__(config)
        self.bert = BertModel(config, add_pooling_layer=False)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
        self.heads = nn.Linear(config.hidden_size, 2 * config.intent_count + config.tag_count)
        self.intent_bias = nn.Parameter(torch.zeros(config.intent_count))
        self.post_init()

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        token_type_ids: Tensor,
        intent_labels: Tensor | None = None,
        tag_labels: Tensor | None = None,
        output_hidden_states: bool = False,
        **kwargs: Any,
    ) -> SidedoorOutput:
        """Scores windows; the inputs have shape = (batch, tokens).

        With `intent_labels` (batch, intents) and `tag_labels` (batch, tokens) given, the output
        holds the loss as well.
        """
        encoded = self.bert(
            input_ids=input_ids,
            attention_mask=attention_mask,
            token_type_ids=token_type_ids,
            output_hidden_states=output_hidden_states,
        )
        count = self.config.intent_count
        attention, scores, tags = self.heads(self.dropout(encoded.last_hidden_state)).split(
            [count, count, self.config.tag_count], dim=-1
        )
        in_message = (attention_mask * (1 - token_type_ids)).unsqueeze(-1)
        attention = attention.float() + (1.0 - in_message.float()) * -1e4
        evidence = attention.softmax(dim=1) * scores.float()
        intents = evidence.sum(dim=1) + self.intent_bias
        loss = None
        if intent_labels is not None and tag_labels is not None:
            loss = self._loss(intents, tags.float(), intent_labels, tag_labels)
        return SidedoorOutput(
            loss=loss,
            intent_logits=intents,
            tag_logits=tags.float(),
            intent_evidence=evidence,
            hidden_states=encoded.hidden_states,
        )

    def _loss(
        self, intents: Tensor, tags: Tensor, intent_labels: Tensor, tag_labels: Tensor
    ) -> Tensor:
        smoothing = self.config.label_smoothing
        targets = intent_labels * (1 - 2 * smoothing) + smoothing
        intent_loss = functional.binary_cross_entropy_with_logits(intents, targets)
        tag_loss = functional.cross_entropy(
            tags.flatten(0, 1), tag_labels.flatten(), ignore_index=IGNORED
        )
        loss: Tensor = intent_loss + self.config.tag_loss_weight * tag_loss
        return loss
