namespace CircuitLasso.InterpBench;

/// <summary>How many positions are selected: 0 to the length of the sequence.</summary>
internal sealed class SelectorWidthStep(ProgramVariable output, Selector selector) : ProgramStep(output)
{
    public override void Run(ProgramState state)
    {
        ReadOnlySpan<int> keys = state.Codes(selector.Keys);
        ReadOnlySpan<int> queries = state.Codes(selector.Queries);
        Span<int> codes = state.Codes(Output);
        for (int query = 0; query < codes.Length; query++)
        {
            int width = 0;
            int visible = selector.Visible(query, codes.Length);
            for (int key = 0; key < visible; key++)
            {
                width += selector.Selects(keys, queries, key, query) ? 1 : 0;
            }

            codes[query] = width;
        }
    }
}
