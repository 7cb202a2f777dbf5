import torch
from torch import nn

from sidedoor_training.int8_noise import (
    add_int8_noise,
    remove_int8_noise,
    round_activations,
    round_weights,
)


def test_activations_take_at_most_256_levels_and_keep_zero() -> None:
    inputs = torch.randn(40, 50)
    inputs[0, 0] = 0.0
    rounded = round_activations(inputs)
    assert len(rounded.unique()) <= 256
    assert rounded[0, 0] == 0
    step = (inputs.max() - inputs.min()) / 255
    assert (rounded - inputs).abs().max() <= step * 0.51


def test_weights_take_at_most_128_levels_a_row() -> None:
    weights = torch.randn(3, 2000) * torch.tensor([[1.0], [10.0], [0.1]])
    rounded = round_weights(weights)
    for row, original in zip(rounded, weights, strict=True):
        assert len(row.unique()) <= 128
        assert (row - original).abs().max() <= original.abs().max() / 63


def test_gradients_pass_straight_through() -> None:
    inputs = torch.randn(4, 5, requires_grad=True)
    round_activations(inputs).sum().backward()
    torch.testing.assert_close(inputs.grad, torch.ones(4, 5))


def test_noise_is_felt_in_training_only_and_can_be_removed() -> None:
    encoder = nn.Sequential(nn.Linear(8, 8), nn.Linear(8, 8))
    inputs = torch.randn(3, 8)
    plain = encoder(inputs)
    add_int8_noise(encoder)
    assert not torch.equal(encoder.train()(inputs), plain)
    torch.testing.assert_close(encoder.eval()(inputs), plain)
    remove_int8_noise(encoder)
    torch.testing.assert_close(encoder.train()(inputs), plain)
