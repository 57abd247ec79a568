namespace CircuitLasso.InterpBench;

/// <summary>A weighted sum of numbers; null where one of them is null.</summary>
internal sealed class LinearStep(ProgramVariable output, ProgramVariable[] inputs, double[] coefficients) : ProgramStep(output)
{
    public override void Run(ProgramState state)
    {
        Span<double> numbers = state.Numbers(Output);
        for (int i = 0; i < numbers.Length; i++)
        {
            double sum = 0;
            for (int term = 0; term < inputs.Length; term++)
            {
                // Null is NaN and stays NaN in the sum.
                sum += coefficients[term] * state.Number(inputs[term], i);
            }

            numbers[i] = sum;
        }
    }
}
