using CircuitLasso.Numerics;

namespace CircuitLasso.InterpBench;

/// <summary>The selected values as one of the variable's values. Null among them is passed over; nothing but null gives null.</summary>
internal sealed class AggregateStep(ProgramVariable output, Selector selector, ProgramVariable values, ProgramValue? absent, string subject) : ProgramStep(output)
{
    private readonly int _absent = absent is null ? -1 : output.CodeOf(absent);

    public override void Run(ProgramState state)
    {
        ReadOnlySpan<int> keys = state.Codes(selector.Keys);
        ReadOnlySpan<int> queries = state.Codes(selector.Queries);
        ReadOnlySpan<int> sources = state.Codes(values);
        Span<int> codes = state.Codes(Output);
        for (int query = 0; query < codes.Length; query++)
        {
            int selected = 0;
            int code = -1;
            bool equal = true;
            int visible = selector.Visible(query, codes.Length);
            for (int key = 0; key < visible; key++)
            {
                if (selector.Selects(keys, queries, key, query))
                {
                    selected++;
                    int source = sources[key];
                    equal &= code < 0 || source < 0 || source == code;
                    code = source < 0 ? code : source;
                }
            }

            // The values of an aggregate are those of its input, with the default last, so that codes pass through.
            codes[query] = selected == 0 ? _absent : equal ? code : Mean(state, query, visible);
        }
    }

    private int Mean(ProgramState state, int query, int visible)
    {
        ReadOnlySpan<int> keys = state.Codes(selector.Keys);
        ReadOnlySpan<int> queries = state.Codes(selector.Queries);
        double sum = 0;
        int count = 0;
        for (int key = 0; key < visible; key++)
        {
            if (selector.Selects(keys, queries, key, query) && state.Codes(values)[key] >= 0)
            {
                sum += values.Numbers is null ? double.NaN : state.Number(values, key);
                count++;
            }
        }

        int code = double.IsNaN(sum) ? -1 : Output.CodeOf(ProgramValue.Of(sum / count));
        return code >= 0
            ? code
            : throw new InputException(subject, $"node '{Output.Id}' selects different values whose mean is not one of its values", "select equal values, or make the node numerical");
    }
}
