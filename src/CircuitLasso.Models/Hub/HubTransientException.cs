namespace CircuitLasso.Models;

/// <summary>A request failed in a way that another try may not.</summary>
/// <param name="problem">What happened, in words that can follow a name.</param>
/// <param name="innerException">The cause, if there is one.</param>
internal sealed class HubTransientException(string problem, Exception? innerException = null) : Exception(problem, innerException)
{
    /// <summary>How long the server asks to be left alone; null where it does not.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Whether a good piece of the file arrived before, so that the tries are counted anew.</summary>
    public bool HasProgress { get; init; }
}
