namespace CircuitLasso;

/// <summary>One log-probability that a behaviour adds up.</summary>
/// <param name="Position">The position whose output is asked.</param>
/// <param name="Token">The token.</param>
/// <param name="Weight">What its log-probability is multiplied by.</param>
public readonly record struct BehaviourTerm(int Position, int Token, float Weight);
