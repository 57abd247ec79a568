using System.Diagnostics.CodeAnalysis;

namespace CircuitLasso.Models;

/// <summary>Tokens and their ids, both ways. Ids need not be contiguous.</summary>
internal sealed class Vocabulary
{
    /// <summary>The largest id that is believed: sixty times the largest vocabulary in use.</summary>
    public const int LargestId = (1 << 24) - 1;

    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _idsBySpan;
    private readonly Dictionary<int, string> _texts = [];

    // Byte-pair encoding looks up every single character, so these get a table: id + 1, zero for none.
    private readonly int[] _idOfUnit = new int[char.MaxValue + 1];

    private Vocabulary() => _idsBySpan = _ids.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>One more than the largest id.</summary>
    public int Size { get; private set; }

    /// <summary>Reads an object of tokens and ids.</summary>
    public static Vocabulary Read(JsonSection section)
    {
        Vocabulary vocabulary = new();
        foreach ((string token, JsonSection value) in section.Members())
        {
            int id = value.Integer(LargestId);
            if (!vocabulary._ids.TryAdd(token, id))
            {
                throw section.Error($"names the token \"{token}\" twice");
            }

            if (!vocabulary._texts.TryAdd(id, token))
            {
                throw section.Error($"gives the id {id} to two tokens, \"{vocabulary._texts[id]}\" and \"{token}\"");
            }

            if (token.Length == 1)
            {
                vocabulary._idOfUnit[token[0]] = id + 1;
            }

            vocabulary.Size = Math.Max(vocabulary.Size, id + 1);
        }

        return vocabulary;
    }

    /// <summary>Looks a token up.</summary>
    public bool TryGetId(ReadOnlySpan<char> token, out int id)
    {
        if (token.Length == 1)
        {
            id = _idOfUnit[token[0]] - 1;
            return id >= 0;
        }

        return _idsBySpan.TryGetValue(token, out id);
    }

    /// <summary>Looks an id up.</summary>
    public bool TryGetToken(int id, [NotNullWhen(true)] out string? token) => _texts.TryGetValue(id, out token);
}
