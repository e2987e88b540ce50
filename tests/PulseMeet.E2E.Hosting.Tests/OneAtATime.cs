// Health looks at the whole process: what one test provokes would be another one's alert.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
