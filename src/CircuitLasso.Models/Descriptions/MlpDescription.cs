namespace CircuitLasso.Models;

/// <summary>The MLP of every block.</summary>
/// <param name="HiddenWidth">Width after the first matrix.</param>
/// <param name="Activation">The nonlinearity.</param>
/// <param name="Gated">Whether the hidden value is activation(gate(x)) times up(x) instead of activation(up(x)).</param>
/// <param name="HasBias">Whether its matrices have biases.</param>
public sealed record MlpDescription(int HiddenWidth, Activation Activation, bool Gated, bool HasBias);
