using System.Text.Json;

namespace CircuitLasso.InterpBench;

/// <summary>The words of a program and their token ids.</summary>
internal sealed class WordList
{
    private const string BeginningName = "BOS";
    private const string PaddingName = "PAD";

    public required IReadOnlyList<ProgramValue> Words { get; init; }

    /// <summary>The words with the beginning-of-sequence token, by id: what a program sees that sees that token too.</summary>
    public required IReadOnlyList<ProgramValue> WithBeginning { get; init; }

    public required IReadOnlyDictionary<string, int> Ids { get; init; }

    public required int Beginning { get; init; }

    public required int Size { get; init; }

    public static WordList Read(ProgramJson json, JsonElement root, int most)
    {
        // A compact vocabulary counts all its ids, the beginning first; an input vocabulary is the words alone.
        if (ProgramJson.Optional(root, "compact_vocab") is { } compact)
        {
            ProgramValue[] all = json.Values(compact, "'compact_vocab'", most);
            return Create(json, [.. all.Where(word => word.Text != BeginningName)], all.Select((word, id) => (word.Text, id)));
        }

        ProgramValue[] words = json.Values(json.Member(root, "input_vocab"), "'input_vocab'", most);
        if (ProgramJson.Optional(root, "token_ids") is not { } stated)
        {
            return Create(json, words, words.Select(word => word.Text).Append(BeginningName).Append(PaddingName).Select((word, id) => (word, id)));
        }

        json.RequireObject(stated, "'token_ids'");
        return Create(json, words, stated.EnumerateObject().Select(pair => (pair.Name, json.Integer(pair.Value, $"the token id of '{pair.Name}'", 0, most + 1))));
    }

    private static WordList Create(ProgramJson json, ProgramValue[] words, IEnumerable<(string Word, int Id)> pairs)
    {
        SortedDictionary<string, int> ids = new(StringComparer.Ordinal);
        HashSet<int> used = [];
        foreach ((string word, int id) in pairs)
        {
            if (!ids.TryAdd(word, id) || !used.Add(id))
            {
                throw json.Error($"the word '{word}' or its token id {id} is used twice");
            }
        }

        if (words.Length < 2)
        {
            throw json.Error("there are fewer than two words");
        }

        if (Array.Find(words, word => word.Text is BeginningName or PaddingName || !ids.ContainsKey(word.Text)) is { } missing)
        {
            throw json.Error($"the word {ProgramJson.Short(missing)} has no token id, or the name of one that is reserved");
        }

        if (!ids.TryGetValue(BeginningName, out int beginning) || ids.Count != words.Length + (ids.ContainsKey(PaddingName) ? 2 : 1) || used.Max() >= ids.Count)
        {
            throw json.Error("the token ids are not 0, 1, .. of the words, BOS and perhaps PAD");
        }

        return new WordList
        {
            Words = [.. words.OrderBy(word => ids[word.Text])],
            WithBeginning = [.. words.Append(ProgramValue.Of(BeginningName)).OrderBy(word => ids[word.Text])],
            Ids = ids,
            Beginning = beginning,
            Size = ids.Count,
        };
    }
}
