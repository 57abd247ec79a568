using System.Text.Json;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>Pairs of beginnings of sentences that differ in the number of the deciding noun alone, so that the one wants the plural verb and the other the singular.</summary>
internal static class AgreementTwins
{
    /// <summary>Pairs in a file.</summary>
    public const int Count = 150;

    /// <summary>Writes two task files, one to learn from and one to test on. No beginning stands in them twice, as itself or as a twin.</summary>
    /// <param name="grammar">The grammar of the examples.</param>
    /// <param name="examples">Examples of agreement, more than <see cref="Count"/> twice.</param>
    /// <param name="learning">The first file.</param>
    /// <param name="test">The second file.</param>
    /// <returns>The first pair of the second file.</returns>
    public static (string One, string Other) Write(PhraseGrammar grammar, IReadOnlyList<GrammarExample> examples, string learning, string test)
    {
        (GrammarExample Example, string Twin)[] twins = Find(grammar, examples, 2 * Count);
        AtomicFile.Write(learning, stream => Write(stream, twins.AsSpan(..(twins.Length / 2))));
        AtomicFile.Write(test, stream => Write(stream, twins.AsSpan((twins.Length / 2)..)));
        return (twins[twins.Length / 2].Example.Prefix, twins[twins.Length / 2].Twin);
    }

    /// <summary>Writes one task file. No beginning stands in it twice, as itself or as a twin.</summary>
    /// <param name="grammar">The grammar of the examples.</param>
    /// <param name="examples">Examples of agreement.</param>
    /// <param name="count">The most pairs.</param>
    /// <param name="file">The file.</param>
    public static void Write(PhraseGrammar grammar, IReadOnlyList<GrammarExample> examples, int count, string file)
    {
        (GrammarExample Example, string Twin)[] twins = Find(grammar, examples, count);
        AtomicFile.Write(file, stream => Write(stream, twins));
    }

    private static (GrammarExample Example, string Twin)[] Find(PhraseGrammar grammar, IReadOnlyList<GrammarExample> examples, int count)
    {
        HashSet<string> seen = [];
        return
        [
            .. examples
                .Select(example => (Example: example, Twin: grammar.OppositePrefix(example) ?? throw new InvalidOperationException($"'{example.Prefix}' has no twin.")))
                .Where(pair => !seen.Contains(pair.Twin) && seen.Add(pair.Example.Prefix) && seen.Add(pair.Twin))
                .Take(count),
        ];
    }

    private static void Write(Stream stream, ReadOnlySpan<(GrammarExample Example, string Twin)> twins)
    {
        using Utf8JsonWriter json = new(stream);
        foreach ((GrammarExample example, string twin) in twins)
        {
            bool isA = example.Grammatical == GrammaticalAnswer.A;
            json.WriteStartObject();
            json.WriteString("clean_prefix", example.Prefix);
            json.WriteString("patch_prefix", twin);
            json.WriteString("clean_answer", isA ? example.AnswerA : example.AnswerB);
            json.WriteString("patch_answer", isA ? example.AnswerB : example.AnswerA);
            json.WriteEndObject();
            json.Flush();
            json.Reset();
            stream.WriteByte((byte)'\n');
        }
    }
}
