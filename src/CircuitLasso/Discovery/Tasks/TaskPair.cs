namespace CircuitLasso;

/// <summary>One pair of a task file, as it is written.</summary>
internal sealed record TaskPair(string Clean, string Corrupt, string Answer, string WrongAnswer);
