using System.Text;
using System.Text.Json;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// Examples as JSON lines, one object a line with the fields <c>prefix</c>, <c>answer_a</c>, <c>answer_b</c>, <c>grammatical</c> (a or b),
/// <c>phenomenon</c>, <c>cue</c>, <c>attractor</c>, <c>sentence</c> and <c>twin</c>, in UTF-8.
/// </summary>
public static class GrammarExampleFile
{
    private static readonly string[] _fields = ["prefix", "answer_a", "answer_b", "grammatical", "phenomenon", "cue", "attractor", "sentence", "twin"];

    /// <summary>Writes the examples; the stream is left open. A file is best written through <see cref="AtomicFile"/>.</summary>
    public static void Write(Stream stream, IEnumerable<GrammarExample> examples)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(examples);
        using Utf8JsonWriter json = new(stream);
        foreach (GrammarExample example in examples)
        {
            json.WriteStartObject();
            json.WriteString("prefix", example.Prefix);
            json.WriteString("answer_a", example.AnswerA);
            json.WriteString("answer_b", example.AnswerB);
            json.WriteString("grammatical", example.Grammatical == GrammaticalAnswer.A ? "a" : "b");
            json.WriteString("phenomenon", example.Phenomenon);
            json.WriteNumber("cue", example.Cue);
            json.WriteNumber("attractor", example.Attractor);
            json.WriteString("sentence", example.Sentence);
            json.WriteString("twin", example.Twin);
            json.WriteEndObject();
            json.Flush();
            json.Reset();
            stream.WriteByte((byte)'\n');
        }
    }

    /// <summary>Reads examples, one a line; empty lines are skipped.</summary>
    /// <param name="stream">The bytes of the file; left open.</param>
    /// <param name="subject">The file's name, for messages.</param>
    /// <exception cref="InputException">
    /// A line is not UTF-8 or no object with those fields, cue or attractor is outside the prefix, or the sentences are not the prefix, an answer and
    /// the same rest.
    /// </exception>
    public static IEnumerable<GrammarExample> Read(Stream stream, string subject)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentException.ThrowIfNullOrEmpty(subject);
        return Lines(stream, subject);
    }

    private static IEnumerable<GrammarExample> Lines(Stream stream, string subject)
    {
        using StreamReader reader = new(stream, new UTF8Encoding(false, throwOnInvalidBytes: true), false, 1 << 12, leaveOpen: true);
        for (int number = 1; NextLine(reader, subject, number) is { } line; number++)
        {
            if (line.Length > 0)
            {
                GrammarJson json = new($"{subject}, line {number}");
                yield return json.Parse(Encoding.UTF8.GetBytes(line), depth: 4, element => Parse(element, json));
            }
        }
    }

    private static string? NextLine(StreamReader reader, string subject, int number)
    {
        try
        {
            return reader.ReadLine();
        }
        catch (DecoderFallbackException exception)
        {
            throw new InputException(subject, $"is not UTF-8 after line {number - 1}", "save the file as UTF-8", exception);
        }
    }

    private static GrammarExample Parse(JsonElement element, GrammarJson json)
    {
        json.RequireObject(element, "the line", _fields);
        string prefix = json.String(element, "prefix");
        string answerA = json.String(element, "answer_a");
        string answerB = json.String(element, "answer_b");
        int last = prefix.AsSpan().Count(' ');
        GrammaticalAnswer grammatical = json.String(element, "grammatical") switch
        {
            "a" => GrammaticalAnswer.A,
            "b" => GrammaticalAnswer.B,
            _ => throw json.Error("'grammatical' is neither a nor b"),
        };
        GrammarExample example = new(
            prefix,
            answerA,
            answerB,
            grammatical,
            json.String(element, "phenomenon"),
            json.Integer(element, "cue", 0, last),
            json.Integer(element, "attractor", -1, last),
            json.String(element, "sentence"),
            json.String(element, "twin"));
        string right = $"{prefix} {(grammatical == GrammaticalAnswer.A ? answerA : answerB)} ";
        string wrong = $"{prefix} {(grammatical == GrammaticalAnswer.A ? answerB : answerA)} ";
        if (prefix.Length == 0 || answerA.Length == 0 || answerB.Length == 0 || answerA == answerB
            || !example.Sentence.StartsWith(right, StringComparison.Ordinal) || !example.Twin.StartsWith(wrong, StringComparison.Ordinal)
            || !example.Sentence.AsSpan(right.Length).SequenceEqual(example.Twin.AsSpan(wrong.Length)))
        {
            throw json.Error("the two sentences are not the prefix, one of two different answers and the same rest");
        }

        return example;
    }
}
