namespace CircuitLasso;

/// <summary>Where a label comes from; the smaller one is kept where there are several.</summary>
public enum FeatureLabelOrigin
{
    /// <summary>A line of one's own: <c>{"node": "resid_post.5/3036", "label": "plural nouns"}</c>.</summary>
    Own,

    /// <summary>A person's annotation, as the feature-circuits project publishes them.</summary>
    Annotation,

    /// <summary>An explanation from Neuronpedia, which a program wrote.</summary>
    Neuronpedia,
}
