namespace CircuitLasso.InterpBench;

/// <summary>The mean of the selected numbers. Null among them is passed over; nothing but null gives null.</summary>
internal sealed class NumericalAggregateStep(ProgramVariable output, Selector selector, ProgramVariable values, double absent) : ProgramStep(output)
{
    public override void Run(ProgramState state)
    {
        ReadOnlySpan<int> keys = state.Codes(selector.Keys);
        ReadOnlySpan<int> queries = state.Codes(selector.Queries);
        Span<double> numbers = state.Numbers(Output);
        for (int query = 0; query < numbers.Length; query++)
        {
            int selected = 0;
            int count = 0;
            double sum = 0;
            int visible = selector.Visible(query, numbers.Length);
            for (int key = 0; key < visible; key++)
            {
                if (selector.Selects(keys, queries, key, query))
                {
                    selected++;
                    double number = state.Number(values, key);
                    if (!double.IsNaN(number))
                    {
                        sum += number;
                        count++;
                    }
                }
            }

            numbers[query] = selected == 0 ? absent : count == 0 ? double.NaN : sum / count;
        }
    }
}
