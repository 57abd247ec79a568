using System.Text;
using CircuitLasso.Numerics;

namespace CircuitLasso.Models;

/// <summary>Puts a fixed text in the place of every match of a pattern in every token (type "Replace").</summary>
internal sealed class ReplaceDecoder(string file, ITextPattern pattern, string content) : IDecoder
{
    // A file of many such steps could double a text at each one; past this the file is at fault.
    private const int LongestContent = 64;
    private const int LongestResult = 1 << 24;

    /// <summary>Reads the component.</summary>
    public static IDecoder Read(JsonSection component)
    {
        JsonSection content = component.Required("content");
        return content.Text().Length <= LongestContent
            ? new ReplaceDecoder(component.File, TextPattern.Read(component), content.Text())
            : throw content.Unsupported($"is longer than {LongestContent} characters");
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> Decode(IReadOnlyList<string> tokens)
    {
        string[] result = new string[tokens.Count];
        long total = 0;
        for (int i = 0; i < result.Length; i++)
        {
            result[i] = Show(tokens[i]);
            total += result[i].Length;
            CheckLength(total);
        }

        return result;
    }

    /// <inheritdoc/>
    public string Show(string token)
    {
        List<Origin> matches = [];
        pattern.FindMatches(token, matches);
        if (matches.Count == 0)
        {
            return token;
        }

        CheckLength(token.Length + matches.Sum(match => (long)content.Length - (match.End - match.Start)));
        StringBuilder result = new(token.Length);
        int position = 0;
        foreach (Origin match in matches)
        {
            result.Append(token, position, match.Start - position).Append(content);
            position = match.End;
        }

        return result.Append(token, position, token.Length - position).ToString();
    }

    private void CheckLength(long length)
    {
        if (length > LongestResult && content.Length > 1)
        {
            throw new InputException(file, $"its decoder makes a text of more than {LongestResult} characters", "check the file's Replace steps");
        }
    }
}
