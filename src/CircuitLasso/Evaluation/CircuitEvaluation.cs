namespace CircuitLasso;

/// <summary>How much of a model's behaviour a circuit keeps, and how much is left without it (Marks et al. 2024). Losses are the task's.</summary>
/// <param name="ModelLoss">L(M): the loss of the whole model on the clean texts.</param>
/// <param name="EmptyLoss">L(0): the loss with everything ablated.</param>
/// <param name="CircuitLoss">L(C): the loss with everything outside the circuit ablated.</param>
/// <param name="ComplementLoss">L(M \ C): the loss with the circuit ablated.</param>
public sealed record CircuitEvaluation(double ModelLoss, double EmptyLoss, double CircuitLoss, double ComplementLoss)
{
    /// <summary>(L(C) - L(0)) / (L(M) - L(0)): 1 where the circuit does all that the model does; NaN where the model does no better than nothing.</summary>
    public double Faithfulness => Share(CircuitLoss);

    /// <summary>(L(M \ C) - L(0)) / (L(M) - L(0)): 0 where nothing is left without the circuit; NaN where the model does no better than nothing.</summary>
    public double Completeness => Share(ComplementLoss);

    private double Share(double loss) => ModelLoss == EmptyLoss ? double.NaN : (loss - EmptyLoss) / (ModelLoss - EmptyLoss);
}
