namespace CircuitLasso.Numerics;

/// <summary>
/// Something the user gave (a file, an option, a value) is wrong. Every room throws this type, and only this type, for bad input;
/// the command-line tool prints it as one line, <c>error: SUBJECT: what is wrong; what to do</c>, and exits with code 2.
/// </summary>
public sealed class InputException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="subject">The file or option at fault, as the user wrote it.</param>
    /// <param name="problem">What is wrong, without a final full stop.</param>
    /// <param name="remedy">What the user can do about it, without a final full stop.</param>
    /// <param name="innerException">The cause, if there is one.</param>
    public InputException(string subject, string problem, string remedy, Exception? innerException = null)
        : base($"{OneLine(subject)}: {OneLine(problem)}; {OneLine(remedy)}", innerException)
    {
        Subject = subject;
        Problem = problem;
        Remedy = remedy;
    }

    /// <summary>The file or option at fault.</summary>
    public string Subject { get; }

    /// <summary>What is wrong.</summary>
    public string Problem { get; }

    /// <summary>What the user can do about it.</summary>
    public string Remedy { get; }

    // The subject may come from a hostile file (a tensor name, say): control characters must not reach the terminal.
    private static string OneLine(string text) =>
        string.Create(text.Length, text, static (span, source) =>
        {
            for (int i = 0; i < span.Length; i++)
            {
                span[i] = char.IsControl(source[i]) ? '?' : source[i];
            }
        });
}
