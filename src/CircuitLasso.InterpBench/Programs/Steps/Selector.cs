namespace CircuitLasso.InterpBench;

/// <summary>
/// Which key positions each query position selects: a table over the values of keys and queries; null selects nothing and is not selected. With causal
/// attention, positions after the query are masked once the table has been read.
/// </summary>
internal sealed class Selector(ProgramVariable keys, ProgramVariable queries, bool[] table, bool isCausal)
{
    public ProgramVariable Keys { get; } = keys;

    public ProgramVariable Queries { get; } = queries;

    /// <summary>Whether the choice may differ between two sequences of full length.</summary>
    public bool VariesWithTokens { get; } = (keys.VariesWithTokens || queries.VariesWithTokens)
        && (keys.CanBeNull || queries.CanBeNull || !Array.TrueForAll(table, cell => cell == table[0]));

    /// <summary>How many keys, from the first, a query may see.</summary>
    public int Visible(int query, int length) => isCausal ? query + 1 : length;

    public bool Selects(ReadOnlySpan<int> keyCodes, ReadOnlySpan<int> queryCodes, int key, int query) =>
        keyCodes[key] >= 0 && queryCodes[query] >= 0 && Table(keyCodes[key], queryCodes[query]);

    /// <summary>Whether every query selects some visible key in a sequence of full length, as far as the table alone can tell.</summary>
    public bool AlwaysSelects(int length)
    {
        if (Keys.CanBeNull || Queries.CanBeNull)
        {
            return false;
        }

        // Each position reads itself when keys and queries are one variable; or all pairs are true; or the choice is by position.
        bool reflexive = Keys == Queries && Enumerable.Range(0, Keys.Values.Count).All(code => Table(code, code));
        bool all = Array.TrueForAll(table, cell => cell);
        bool byPosition = Keys.Operation == ProgramOperation.Indices && Queries.Operation == ProgramOperation.Indices
            && Enumerable.Range(0, length).All(query => Enumerable.Range(0, Visible(query, length)).Any(key => Table(key, query)));
        return reflexive || all || byPosition;
    }

    /// <summary>A pair of positions that is selected although causal attention hides the key from the query; null where there is none.</summary>
    public (int Key, int Query)? HiddenPair()
    {
        if (!isCausal || Keys.Operation != ProgramOperation.Indices || Queries.Operation != ProgramOperation.Indices || Array.TrueForAll(table, cell => cell))
        {
            return null;
        }

        for (int query = 0; query < Queries.Values.Count; query++)
        {
            for (int key = query + 1; key < Keys.Values.Count; key++)
            {
                if (Table(key, query))
                {
                    return (key, query);
                }
            }
        }

        return null;
    }

    private bool Table(int key, int query) => table[(key * Queries.Values.Count) + query];
}
